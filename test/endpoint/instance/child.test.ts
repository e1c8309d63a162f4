import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SILENT } from "../../../src/base/log.ts";
import { Backoff } from "../../../src/endpoint/instance/backoff.ts";
import { startInstance } from "../../../src/endpoint/instance/child.ts";
import type { Instance, InstanceState } from "../../../src/endpoint/instance/instance.ts";
import { remoteTarget } from "../../../src/endpoint/instance/remote.ts";
import { writeScore } from "../../../src/endpoint/score.ts";
import { writeFolder } from "../../flow/flow-folder.ts";
import { sourceFile } from "../../program.ts";

interface Watched {
  instance: Instance;
  socketPath: string;
  /** Resolves when the instance comes into the state. */
  until(state: InstanceState): Promise<void>;
}

function watched(startMs?: number, flow = "examples/flows/chat-with-docs", env = {}): Watched {
  const socketPath = path.join(mkdtempSync(path.join(tmpdir(), "child-")), "one.sock");
  const waiting: { state: InstanceState; resolve: () => void }[] = [];
  const instance = startInstance({
    spec: {
      name: "one",
      zone: "1",
      socketPath,
      resources: { socketPath: `${socketPath}.none`, token: "token" },
      flow,
      env: { PATH: process.env.PATH ?? "", ...env },
      python: "python3",
      version: "1",
      logLevel: "silent",
    },
    log: SILENT,
    onState: ({ state }) => {
      for (const each of waiting) if (each.state === state) each.resolve();
    },
    startMs,
  });
  return { instance, socketPath, until: (state) => new Promise((resolve) => waiting.push({ state, resolve })) };
}

test("an instance that hangs before it is ready is replaced", async () => {
  const { instance, until } = watched(1_000);
  const first = instance.pid;
  assert.ok(first);
  process.kill(first, "SIGSTOP");
  await until("backing-off");
  assert.match(instance.problem ?? "", /did not become ready within 1000 ms/);
  await until("starting");
  assert.notEqual(instance.pid, first);
  await instance.stop();
});

test("an instance may leave no core dump, nor may what it starts", { skip: process.platform !== "linux" }, async () => {
  const { instance } = watched();
  const ofProcess = (name: string): string => readFileSync(`/proc/${instance.pid}/${name}`, "utf8");
  // A shell comes before it.
  for (let round = 0; !ofProcess("cmdline").startsWith(process.execPath); round++) {
    assert.ok(round < 1000, ofProcess("cmdline"));
    await delay(10);
  }
  const limits = ofProcess("limits");
  await instance.stop({ now: true });
  assert.match(limits, /^Max core file size +0 +0 /m);
});

test("an instance whose program ends at every start is tried again after longer and longer pauses, and says why", async () => {
  const { instance, until } = watched(undefined, "no/such/flow");
  for (const restarts of [1, 2]) {
    await until("backing-off");
    assert.match(instance.problem ?? "", /no\/such\/flow/);
    await until("starting");
    assert.equal(instance.restarts, restarts);
  }
  await instance.stop();
  const backoff = new Backoff();
  const pauses = Array.from({ length: 9 }, () => backoff.nextMs(100));
  assert.deepEqual(pauses, [150, 300, 600, 1_200, 2_400, 4_800, 9_600, 10_000, 10_000]);
  assert.equal(backoff.nextMs(60_000), 150, "one that had lived for a while begins anew");
});

test("an instance that was killed is back at its old address, and leaves nothing there", async (context) => {
  const flow = writeFolder(context, { "flow.dag.yaml": "inputs: {}\noutputs: {}\nnodes: []\n" });
  const { instance, socketPath, until } = watched(undefined, flow);
  context.after(() => instance.stop());
  await until("ready");
  assert.ok(instance.pid);
  process.kill(instance.pid, "SIGKILL");
  await until("backing-off");
  assert.equal(instance.problem, "ended by SIGKILL");
  assert.ok(existsSync(socketPath), "its socket is left behind");
  // One that cannot take its address ends again.
  await Promise.race([until("ready"), until("backing-off")]);
  assert.equal(instance.state, "ready", instance.problem);
  assert.deepEqual([instance.problem, instance.restarts], [undefined, 1]);
  await instance.stop({ now: true });
  assert.ok(!existsSync(socketPath));
});

test("an instance whose process cannot be made is tried again", async () => {
  // More than the system gives to a process.
  const { instance, until } = watched(undefined, undefined, { BIG: "x".repeat(8 * 2 ** 20) });
  assert.match(instance.problem ?? "", /E2BIG/);
  await until("backing-off");
  assert.equal(instance.restarts, 2);
  await instance.stop();
});

test("an instance whose program is gone is tried again, and says so", async () => {
  const program = process.execPath;
  process.execPath = path.join(tmpdir(), "no-such-program");
  const { instance, until } = watched();
  try {
    await until("backing-off");
    assert.match(instance.problem ?? "", /no-such-program cannot be run/);
  } finally {
    process.execPath = program;
  }
  await until("starting");
  assert.ok(instance.pid);
  await instance.stop();
});

test("who waits for an answer of an instance that ends gets the whole of it", async (context) => {
  const flow = writeFolder(context, {
    "flow.dag.yaml":
      "inputs: {}\noutputs: {o: {type: string, reference: '${n.output}'}}\nnodes:\n- {name: n, type: javascript, source: {type: code, path: n.mjs}, inputs: {}}\n",
    "n.mjs":
      "export const n = () => new Promise((resolve) => setTimeout(() => resolve('late'.repeat(100_000)), 500));\n",
  });
  const { instance, socketPath, until } = watched(undefined, flow);
  context.after(() => instance.stop({ now: true }));
  await until("ready");
  const target = remoteTarget({ socketPath, url: "http://instance" }, "It");
  context.after(() => target.close());
  let told: unknown;
  for await (const event of target.invoke({ inputs: {} }, AbortSignal.timeout(30_000))) {
    if (event.type === "node-start") process.kill(instance.pid as number, "SIGTERM");
    if (event.type === "flow-end" || event.type === "error") told = event;
  }
  assert.deepEqual((told as { outputs?: unknown }).outputs, { o: "late".repeat(100_000) });
});

test("variables of a deployment give the class its init values, and say which outputs are answered", async (context) => {
  const flow = writeFolder(context, {
    "flow.flex.yaml": "entry: entry:Add\noutputs: {sum: {type: int}, parts: {type: list}}\n",
    "entry.py":
      "class Add:\n    def __init__(self, n: int):\n        self.n = n\n    def __call__(self, a: int):\n        return {'sum': a + self.n, 'parts': [a]}\n",
  });
  const env = { PF_FLOW_INIT_CONFIG: '{"n": 40}', PROMPTFLOW_RESPONSE_INCLUDED_FIELDS: '["sum"]' };
  const { instance, socketPath, until } = watched(undefined, flow, env);
  context.after(() => instance.stop({ now: true }));
  await until("ready");
  const target = remoteTarget({ socketPath, url: "http://instance" }, "It");
  context.after(() => target.close());
  let body: unknown;
  const sink = {
    send: (_: number, __: unknown, text: string) => (body = JSON.parse(text)),
    head() {},
    write() {},
    end() {},
  };
  const events = target.invoke({ inputs: { a: 2 } }, AbortSignal.timeout(30_000));
  await writeScore(events, sink, { format: "json", signature: await target.describe() });
  assert.deepEqual(body, { sum: 42 });
});

test("the program of an instance outlives a terminal's interrupt, and ends with its parent", async (context) => {
  const flow = writeFolder(context, { "flow.dag.yaml": "inputs: {}\noutputs: {}\nnodes: []\n" });
  const socketPath = path.join(mkdtempSync(path.join(tmpdir(), "child-")), "one.sock");
  const child = spawn(process.execPath, sourceFile("src/endpoint/instance/main.ts"), {
    env: { PATH: process.env.PATH ?? "" },
    stdio: ["pipe", "ignore", "ignore", "ipc"],
  });
  context.after(() => child.kill("SIGKILL"));
  const resources = { socketPath: `${socketPath}.none`, token: "token" };
  const spec = { name: "one", zone: "1", socketPath, resources, flow, env: {}, version: "1", logLevel: "silent" };
  child.stdin?.end(JSON.stringify(spec));
  const [message] = (await once(child, "message")) as [unknown];
  assert.deepEqual(message, { type: "ready" });
  const target = remoteTarget({ socketPath, url: "http://instance" }, "It");
  context.after(() => target.close());
  child.kill("SIGINT");
  await target.health(AbortSignal.timeout(20_000));
  assert.deepEqual([child.exitCode, child.signalCode], [null, null]);
  const ended = once(child, "exit");
  child.disconnect();
  assert.deepEqual(await ended, [0, null]);
});
