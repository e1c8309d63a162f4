// Runs the commands of docs/endpoint.md as they are written, against one system, and looks for what it says they print.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { environment, startSystem, temporaryHome } from "./e2e/system.ts";
import { CLI } from "./program.ts";

const { home, remove } = await temporaryHome();
const system = await startSystem({ home });
after(async () => {
  await system.stop();
  await remove();
});

const steps = [...readFileSync("docs/endpoint.md", "utf8").matchAll(/```console\n([\s\S]*?)```/g)]
  .flatMap((match) => (match[1] ?? "").split(/^\$ /m).slice(1))
  .map((step) => {
    const [command = "", ...printed] = step.trimEnd().split("\n");
    return { command, printed };
  });

test("the page has commands", () => assert.ok(steps.length >= 10, String(steps.length)));

for (const { command, printed } of steps) {
  test(`$ ${command}`, async () => {
    const shell = `flowstead() { "${process.execPath}" ${CLI.join(" ")} "$@"; }; ${command}`;
    const env = environment({ FLOWSTEAD_HOME: home });
    const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) => {
      execFile("bash", ["-c", shell], { env, timeout: 120_000 }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, output: stdout + stderr }),
      );
    });
    assert.equal(code, 0, output);
    for (const line of printed) assert.ok(output.includes(line), `"${line}" is not in:\n${output}`);
  });
}

test("the calls are in the traffic log, and what they got and gave was collected", () => {
  const traffic = readFileSync(path.join(home, "logs/endpoints/chat/traffic.jsonl"), "utf8").trim().split("\n");
  const line = JSON.parse(traffic[0] ?? "{}") as Record<string, unknown>;
  const { Method, Path, EndpointName, DeploymentName, ResponseCode } = line;
  assert.deepEqual(
    { Method, Path, EndpointName, DeploymentName, ResponseCode },
    { Method: "POST", Path: "/endpoints/chat/score", EndpointName: "chat", DeploymentName: "green", ResponseCode: 200 },
  );
  const collected = path.join(home, "collected/chat/green");
  const files = readdirSync(collected, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".jsonl"));
  assert.deepEqual(files.map((name) => name.split(path.sep)[0]).toSorted(), ["model_inputs", "model_outputs"]);
  const inputs = files.find((name) => name.startsWith("model_inputs")) ?? "";
  const row = JSON.parse(readFileSync(path.join(collected, inputs), "utf8").split("\n")[0] ?? "{}") as {
    data: { question: string }[];
    xrequestid: string;
  };
  assert.equal(row.data[0]?.question, "When are salaries paid?");
  assert.equal(row.xrequestid, line["XRequestId"]);
});
