// Runs the commands of the guides as they are written, and looks for what it says they print.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { environment, temporaryHome } from "./e2e/system.ts";
import { CLI } from "./program.ts";

const { home, remove } = await temporaryHome();
after(remove);

const GUIDES = ["docs/guide.md", "docs/search.md"];
const blocks = GUIDES.flatMap((file) =>
  [...readFileSync(file, "utf8").matchAll(/```console\n([\s\S]*?)```/g)].map((match) => match[1] ?? ""),
);
const steps = blocks
  .flatMap((block) => block.split(/^\$ /m).slice(1))
  .map((step) => {
    const [command = "", ...printed] = step.trimEnd().split("\n");
    return { command, printed };
  });

test("the guide has commands", () => assert.ok(steps.length >= 8, String(steps.length)));

for (const { command, printed } of steps) {
  test(`$ ${command}`, () => {
    const shell = `flowstead() { "${process.execPath}" ${CLI.join(" ")} "$@"; }; ${command}`;
    const env = environment({ FLOWSTEAD_HOME: home });
    const { status, stdout, stderr } = spawnSync("bash", ["-c", shell], { env, encoding: "utf8", timeout: 60_000 });
    assert.equal(status, 0, stderr);
    for (const line of printed) assert.ok((stdout + stderr).includes(line), `"${line}" is not in:\n${stdout}${stderr}`);
  });
}
