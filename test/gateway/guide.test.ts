// Runs the commands of docs/models.md as they are written, and looks for what it says they print.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { startFakeModel } from "../../src/model/fake/server.ts";
import { environment, startSystem, temporaryHome } from "../e2e/system.ts";
import { CLI } from "../program.ts";

const text = readFileSync("docs/models.md", "utf8");
const steps = [...text.matchAll(/```console\n([\s\S]*?)```/g)]
  .flatMap((match) => (match[1] ?? "").split(/^\$ /m).slice(1))
  .map((step) => {
    const [command = "", ...printed] = step.trimEnd().split("\n");
    return { command, printed };
  });
const config = /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? "";

const { home, remove } = await temporaryHome();
const fakes = await Promise.all([startFakeModel(), startFakeModel()]);
const file = path.join(path.dirname(home), "flowstead.yaml");
await writeFile(file, `${config}endpoint: { instances: 1 }\n`);
const env = {
  EAST_URL: `${fakes[0]?.url}/v1`,
  WEST_URL: `${fakes[1]?.url}/v1`,
  EAST_KEY: "the-key-of-the-provider",
  REPORTS_KEY: "the-key-of-the-reports",
};
const system = await startSystem({ home, env, args: ["--config", file] });
after(async () => {
  await system.stop();
  await Promise.all(fakes.map((fake) => fake.close()));
  await remove();
});

test("the page has a configuration and commands", () => {
  assert.match(config, /^models:/);
  assert.ok(steps.length >= 6, String(steps.length));
});

for (const { command, printed } of steps) {
  test(`$ ${command}`, async () => {
    const shell = `flowstead() { "${process.execPath}" ${CLI.join(" ")} "$@"; }; ${command}`;
    const output = await run(shell, environment({ ...env, URL: system.url, FLOWSTEAD_HOME: home }));
    for (const line of printed) assert.ok(output.includes(line), `"${line}" is not in:\n${output}`);
  });
}

/** Not a synchronous call: the fake servers live in this process. */
function run(shell: string, variables: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", shell], { env: variables, timeout: 60_000 });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.once("close", (code) => (code === 0 ? resolve(output) : reject(new Error(`ended with ${code}:\n${output}`))));
  });
}
