// A worker whose engine was killed ends, whatever it was about to say.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Duplex } from "node:stream";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { encodeFrame } from "../../src/python/frame.ts";
import { DEFAULT_PYTHON, workerEnvironment, workerProgram } from "../../src/python/interpreter.ts";
import { code, sourceModule } from "../program.ts";
import { isGone } from "./gone.ts";

test("what a node has started ends with the engine that was killed", { timeout: 60_000 }, async (context) => {
  const { pid, kill } = await workOf(context, [
    'child = subprocess.Popen(["sleep", "600"])',
    "tell(child.pid)",
    "child.wait()",
  ]);
  kill();
  assert.ok(await isGone(pid));
});

test(
  "a worker whose code holds the interpreter's lock ends with the engine that was killed",
  { timeout: 60_000, skip: process.platform === "linux" ? false : "elsewhere it ends when that code lets it" },
  async (context) => {
    const { pid, kill } = await workOf(context, ["tell(os.getpid())", "sum(range(10 ** 13))"]);
    // Into that code, which lets nobody else in.
    await delay(300);
    kill();
    assert.ok(await isGone(pid));
  },
);

/** An engine in whose worker a node does this, and the process that the node tells of. */
async function workOf(context: TestContext, lines: string[]): Promise<{ pid: number; kill: () => void }> {
  const directory = mkdtempSync(path.join(tmpdir(), "orphan-"));
  const note = path.join(directory, "pid");
  const source = `import os, subprocess
from promptflow.core import tool
def tell(pid):
    with open(${JSON.stringify(`${note}.part`)}, "w") as file:
        file.write(str(pid))
    os.rename(file.name, ${JSON.stringify(note)})
@tool
def f():
    ${lines.join("\n    ")}
`;
  writeFileSync(path.join(directory, "tool.py"), source);
  const engine = spawn(process.execPath, code(ENGINE), { env: { ...process.env, DIRECTORY: directory } });
  // An engine that is killed: it has no time to end anything.
  const kill = (): void => void engine.kill("SIGKILL");
  let pid = 0;
  context.after(() => {
    kill();
    if (pid > 0) endAll(pid);
    rmSync(directory, { recursive: true, force: true });
  });
  let told = "";
  engine.stderr.on("data", (text: Buffer) => (told += text.toString()));
  while (!existsSync(note)) {
    assert.equal(engine.exitCode, null, told);
    await delay(20);
  }
  pid = Number(readFileSync(note, "utf8"));
  return { pid, kill };
}

/** For a test that has failed. */
function endAll(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended, as it is to.
  }
}

const ENGINE = `
import { createPythonPool } from ${JSON.stringify(sourceModule("src/python/pool.ts"))};
const pool = createPythonPool({ directory: process.env.DIRECTORY, env: { PATH: process.env.PATH } });
await pool.load("tool.py");
const call = { file: "tool.py", inputs: {}, init: [], connections: {}, images: [], imageFormat: "basic" };
const listener = { onText() {}, onLog() {}, onMetric() {} };
await pool.session("run").call(call, listener, new AbortController().signal);
`;

test("a worker ends when nobody hears its answers any more", { timeout: 60_000 }, async (context) => {
  const directory = mkdtempSync(path.join(tmpdir(), "orphan-"));
  const child = spawn(DEFAULT_PYTHON, [workerProgram()], {
    env: workerEnvironment(directory, { PATH: process.env["PATH"] }),
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  context.after(() => {
    child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });
  const channel = child.stdio[3] as Duplex;
  channel.on("error", () => {});
  await once(channel, "data");
  const ended = once(child, "exit");
  // More answers than a socket holds: it is writing one when the other side goes, and with it who read its errors.
  channel.pause();
  for (let id = 1; id <= 20_000; id++) channel.write(encodeFrame({ t: "ping", id }));
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.stdout?.destroy();
  child.stderr?.destroy();
  channel.destroy();
  await ended;
  assert.equal(child.signalCode, null);
});
