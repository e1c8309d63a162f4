// A deployment whose instances are containers: podman itself runs them, from an image that `flow build` and podman made.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import type { Server } from "node:http";
import { hostname } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SILENT } from "../../../src/base/log.ts";
import { type Fleet, openFleet } from "../../../src/endpoint/fleet.ts";
import type { Connection } from "../../../src/connection/connection.ts";
import { listen } from "../../../src/endpoint/flow-server.ts";
import { type Journal, openJournal } from "../../../src/endpoint/log/journal.ts";
import { resourceServer } from "../../../src/endpoint/resource/server.ts";
import type { DeploymentSpec } from "../../../src/endpoint/specification/deployment-spec.ts";
import type { EndpointSpec } from "../../../src/endpoint/specification/endpoint-spec.ts";
import { readSpecification } from "../../../src/endpoint/specification/read-specification.ts";
import { openZones } from "../../../src/endpoint/zone.ts";
import { runHere } from "../../cli/in-process.ts";
import { scriptedModel } from "../../fake/scripted-model.ts";
import { flowResources, writeFolder } from "../../flow/flow-folder.ts";
import { type Podman, noPodman, openPodman } from "./podman.ts";

const FILES = {
  "flow/flow.dag.yaml": `inputs:
  question: {type: string}
outputs:
  answer: {type: string, reference: "\${say.output}"}
  hidden: {type: string, reference: "\${say.output}"}
  asked: {type: string, reference: "\${ask.output}"}
nodes:
- name: say
  type: prompt
  source: {type: code, path: say.jinja2}
  inputs: {question: "\${inputs.question}"}
- name: ask
  type: llm
  provider: OpenAI
  api: chat
  connection: default
  source: {type: code, path: ask.jinja2}
  inputs: {question: "\${inputs.question}", model: m}
`,
  "flow/say.jinja2": "In a container: {{ question }}",
  "flow/ask.jinja2": "user:\n{{ question }}",
};
const DEFAULT: Connection = { name: "default", type: "OpenAIConnection", configs: {}, secrets: {} };
const START_MS = 60_000;

const endpoint = readSpecification({ name: "boxes", auth_mode: "key", traffic: { blue: 100 } }, "endpoint")
  .spec as EndpointSpec;

function deployment(more: object = {}): DeploymentSpec {
  const map = {
    name: "blue",
    endpoint_name: "boxes",
    environment: { image: "flow-of-the-test" },
    // Two instances: while one is replaced, the other answers.
    instance_count: 2,
    environment_variables: { PROMPTFLOW_RESPONSE_INCLUDED_FIELDS: '["answer", "asked"]' },
    request_settings: { request_timeout_ms: 30_000 },
    properties: { "flowstead.driver": "container" },
    ...more,
  };
  return readSpecification(map, "deployment").spec as DeploymentSpec;
}

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + START_MS; !(await isTrue()); await delay(50)) {
    if (Date.now() > deadline) assert.fail(`still not: ${what}`);
  }
}

async function ask(fleet: Fleet, question: string, pinned?: string): Promise<unknown> {
  const target = fleet.endpoints.get("boxes");
  assert.ok(target);
  for await (const event of target.route(pinned).invoke({ inputs: { question } }, AbortSignal.timeout(30_000))) {
    if (event.type === "error") throw new Error(event.error.message);
    if (event.type === "flow-end") return event.outputs;
  }
  return undefined;
}

async function openContainers(
  podman: Podman,
  folder: string,
): Promise<{ fleet: Fleet; journal: Journal; server: Server }> {
  const runFolder = path.join(folder, "run");
  mkdirSync(runFolder);
  // The system's side of what it lends: the model echoes.
  const lent = path.join(folder, "lent");
  mkdirSync(lent);
  const address = { socketPath: path.join(lent, "resources.sock"), token: "token-of-the-test" };
  const server = resourceServer(
    flowResources({
      model: scriptedModel({ pieces: ({ messages }) => [String(messages.at(-1)?.content)] }),
      connections: [DEFAULT],
    }),
    {
      token: address.token,
      log: SILENT,
    },
  );
  await listen(server, { socketPath: address.socketPath });
  chmodSync(address.socketPath, 0o666);
  const journal = openJournal({ folder: path.join(folder, "logs"), redact: (text) => text });
  const fleet = openFleet({
    runFolder,
    resources: address,
    python: undefined,
    version: "1",
    logLevel: "silent",
    instanceEnv: {},
    zones: openZones(["1", "2", "3"]),
    engineEnv: podman.env,
    log: SILENT,
    keysOf: () => ({ principalOf: () => "somebody" }),
    journal,
  });
  return { fleet, journal, server };
}

test(
  "containers are started, scored, replaced when they die, and gone when the deployment is",
  { skip: noPodman() },
  async (context) => {
    const folder = writeFolder(context, FILES);
    const podman = await openPodman("base-of-the-test");
    context.after(() => podman.close());
    const source = ["--source", path.join(folder, "flow"), "--output", path.join(folder, "image")];
    const built = await runHere([
      "flow",
      "build",
      ...source,
      "--format",
      "docker",
      "--home",
      path.join(folder, "home"),
    ]);
    assert.equal(built.code, 0, built.stderr);
    const from = ["--from", "base-of-the-test", "--tag", "flow-of-the-test"];
    await podman.run("build", ...from, "--format", "docker", path.join(folder, "image"));

    // What an earlier process of this machine has left: it has ended, its container runs.
    const ended = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => ended.once("exit", resolve));
    const labels = ["--label", `flowstead.process=${ended.pid}`, "--label", `flowstead.host=${hostname()}`];
    await podman.run("run", "--detach", "--name", "left-behind", ...labels, "base-of-the-test", "sleep", "600");
    const names = async (): Promise<string[]> => {
      return (await podman.run("ps", "--all", "--format", "{{.Names}}")).split("\n").filter((name) => name !== "");
    };

    const runFolder = path.join(folder, "run");
    const { fleet, journal, server } = await openContainers(podman, folder);
    context.after(async () => {
      await fleet.close();
      server.close();
      server.closeAllConnections();
    });
    const sealed = deployment({ name: "sealed", instance_count: 1, egress_public_network_access: "disabled" });
    fleet.apply(endpoint, [deployment(), sealed]);
    for (const name of ["blue", "sealed"]) await fleet.settled("boxes", name, { timeoutMs: START_MS });
    assert.deepEqual((await names()).map((name) => name.replace(/-[0-9a-f]{8}$/, "")).toSorted(), [
      "flowstead-blue-1",
      "flowstead-blue-2",
      "flowstead-sealed-1",
    ]);
    assert.deepEqual(readdirSync(runFolder), [], "variables lie nowhere once the containers have read them");
    // The variable that hides the other output has come through, and the model is the system's, by its socket.
    const answerTo = (question: string): object => ({ answer: `In a container: ${question}`, asked: question });
    assert.deepEqual(await ask(fleet, "first"), answerTo("first"));

    assert.deepEqual(await ask(fleet, "closed in", "sealed"), answerTo("closed in"));
    const closed = (await names()).find((name) => name.includes("sealed")) ?? "";
    const reach = 'require("net").connect(53, "192.0.2.1").on("error", ({ code }) => console.log(code))';
    assert.equal(await podman.run("exec", closed, "node", "-e", reach), "ENETUNREACH");
    fleet.apply(endpoint, [deployment()]);

    const [victim = ""] = (await names()).filter((name) => name.includes("blue"));
    await podman.run("kill", victim);
    for (let index = 0; index < 10; index++) assert.deepEqual(await ask(fleet, `${index}`), answerTo(`${index}`));
    await until("the one killed is replaced", async () => {
      const [status] = fleet.status().flatMap(({ deployments }) => deployments);
      const running = await names();
      return Boolean(status?.isSettled) && !running.includes(victim) && running.length === 2;
    });

    await fleet.remove("boxes");
    assert.deepEqual(await names(), []);
    const place = { endpoint: "boxes", deployment: "blue" };
    const log = await journal.text(place, { lines: 100, container: "inference-server" });
    for (const word of ["Pulled", "Created", "Started", "BackOff", "Killing"])
      assert.match(log, new RegExp(`Name: ${word},`));
    assert.match(log, /blue-\d Serving flow/, "what containers print is in the console log");
  },
);
