// The words of the command line: what is there, what help says, and what a wrong word gets.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Command } from "commander";
import { terminal } from "../../src/cli/console.ts";
import { devCommand } from "../../src/cli/dev.ts";
import { endpointCommand } from "../../src/cli/endpoint.ts";
import { deploymentCommand } from "../../src/cli/online-deployment.ts";
import { flowCommand } from "../../src/cli/flow.ts";
import { indexCommand } from "../../src/cli/index-command.ts";
import { toolCommand } from "../../src/cli/tool.ts";
import { upCommand } from "../../src/cli/up.ts";
import { runCommand } from "../e2e/system.ts";

test("every command is there, and its help describes it and each of its options", () => {
  const commands = [
    upCommand,
    indexCommand,
    flowCommand,
    endpointCommand,
    deploymentCommand,
    toolCommand,
    devCommand,
  ].flatMap((make) => withSubcommands(make(terminal()), "flowstead"));
  assert.deepEqual(
    commands.map(({ words }) => words.replace("flowstead ", "")),
    [
      "up",
      "index",
      "index add",
      "index list",
      "index remove",
      "index status",
      "flow",
      "flow init",
      "flow test",
      "flow serve",
      "flow build",
      "flow validate",
      "online-endpoint",
      "online-endpoint create",
      "online-endpoint update",
      "online-endpoint show",
      "online-endpoint list",
      "online-endpoint delete",
      "online-endpoint get-credentials",
      "online-endpoint regenerate-keys",
      "online-endpoint invoke",
      "online-deployment",
      "online-deployment create",
      "online-deployment update",
      "online-deployment show",
      "online-deployment list",
      "online-deployment delete",
      "online-deployment get-logs",
      "tool",
      "tool list",
      "tool validate",
      "dev",
      "dev fake-model",
    ],
  );
  for (const { words, command } of commands) {
    const help = command.helpInformation();
    assert.match(help, /^Usage: /);
    assert.ok(command.description().length > 10, `${words} is not described`);
    for (const option of command.options) {
      assert.ok(option.description.length > 3, `${words} ${option.flags} is not described`);
      assert.ok(help.includes(option.flags), `${words} --help leaves ${option.flags} out`);
    }
  }
});

test("--help and --version go to standard output and end with 0", async () => {
  const [top, sub, number] = await Promise.all([
    runCommand(["--help"]),
    runCommand(["flow", "test", "--help"]),
    runCommand(["--version"]),
  ]);
  for (const { code, stderr } of [top, sub, number]) assert.deepEqual([code, stderr], [0, ""]);
  assert.match(top.stdout, /^Usage: flowstead .*online-endpoint /s);
  assert.match(sub.stdout, /^Usage: flowstead flow test .*--variant <variant>/s);
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  assert.equal(number.stdout, `${version}\n`);
});

const WRONG: readonly { words: string[]; says: RegExp }[] = [
  { words: ["flo"], says: /unknown command 'flo'\n\(Did you mean flow\?\)/ },
  {
    words: ["flow", "test", "--flow", "x", "--input", "a=b"],
    says: /unknown option '--input'\n\(Did you mean --inputs\?\)/,
  },
  { words: ["flow", "test"], says: /required option '--flow <folder>' not specified/ },
  { words: ["flow", "serve", "--source", "x", "--port", "99999"], says: /'99999' is invalid\. Give a number from 0/ },
  { words: ["online-endpoint", "get-credentials", "-n", "chat", "-o", "xml"], says: /Allowed choices are json, tsv/ },
  { words: ["flow"], says: /^Usage: flowstead flow .*test .*serve /s },
];

test("a wrong word is told with what was meant, on standard error, and ends with 1", async () => {
  const results = await inTurn(WRONG, ({ words }) => runCommand(words));
  for (const [index, { words, says }] of WRONG.entries()) {
    const { code, stdout, stderr } = results[index] ?? assert.fail();
    assert.equal(code, 1, words.join(" "));
    assert.equal(stdout, "", words.join(" "));
    assert.match(stderr, says);
  }
});

/** Two at a time: each is a process that starts from source. */
async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += 2) results.push(...(await Promise.all(items.slice(at, at + 2).map(work))));
  return results;
}

function withSubcommands(command: Command, above: string): { words: string; command: Command }[] {
  const words = `${above} ${command.name()}`;
  return [{ words, command }, ...command.commands.flatMap((sub) => withSubcommands(sub, words))];
}
