// The words of the command line: what is there, what help says, and what a wrong word gets.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Command } from "commander";
import { addCommands, commandNames } from "../../src/cli/command.ts";
import { terminal } from "../../src/cli/console.ts";
import { runCommand as runProcess, temporaryHome } from "../e2e/system.ts";
import { runHere } from "./in-process.ts";
import { ORIGINAL_FLAGS } from "./original-flag.ts";

const WORDS: Readonly<Record<string, readonly string[]>> = {
  up: [],
  index: ["add", "list", "remove", "status", "rebuild", "create", "query", "evaluate", "export", "keys"],
  flow: ["init", "test", "serve", "build", "validate", "save"],
  run: "create list show show-details show-metrics visualize stream archive restore update delete".split(" "),
  connection: ["create", "update", "list", "show", "delete"],
  config: ["set", "show"],
  tool: ["init", "list", "validate"],
  "online-endpoint": "create update show list delete get-credentials regenerate-keys invoke".split(" "),
  "online-deployment": ["create", "update", "show", "list", "delete", "get-logs"],
  zone: [],
  gateway: [],
  usage: [],
  dev: ["fake-model"],
};

const program = new Command("flowstead");
await addCommands(program, new Set(commandNames), terminal());
const commands = program.commands
  // It passes over whatever it is given, to say what takes its place.
  .filter((command) => command.name() !== "pfazure")
  .flatMap((command) => withSubcommands(command, "flowstead"));
/** Commands that do something: those without subcommands. */
const leaves = commands.filter(({ command }) => command.commands.length === 0);

test("every command is there, and its help describes it and each of its options", () => {
  const there = new Set(commands.map(({ words }) => words));
  const missing = Object.entries(WORDS).flatMap(([first, more]) =>
    [`flowstead ${first}`, ...more.map((word) => `flowstead ${first} ${word}`)].filter((words) => !there.has(words)),
  );
  assert.deepEqual(missing, []);
  for (const { words, command } of commands) {
    const help = command.helpInformation();
    assert.match(help, /^Usage: /);
    assert.ok(command.description().length > 10, `${words} is not described`);
    for (const option of command.options.filter(({ hidden }) => !hidden)) {
      assert.ok(option.description.length > 3, `${words} ${option.flags} is not described`);
      assert.ok(help.includes(option.flags), `${words} --help leaves ${option.flags} out`);
    }
  }
});

test("what an example in a help says is what its command takes: its flags are there, and none is missing", () => {
  let examples = 0;
  for (const { words, command } of commands) {
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    for (const [, example = ""] of help.replaceAll("\\\n", " ").matchAll(/^ {2}(flowstead .*)$/gm)) {
      examples += 1;
      const meant =
        leaves.find((leaf) => `${example} `.startsWith(`${leaf.words} `)) ?? assert.fail(`${words}: ${example}`);
      const given = example.replaceAll(/'[^']*'|"[^"]*"/g, "x").match(/(?<= )--?[a-z][\w-]*/g) ?? [];
      for (const flag of given)
        assert.ok(
          meant.command.options.some(({ short, long }) => flag === short || flag === long),
          `${example}: ${flag}`,
        );
      const needed = meant.command.options.filter(
        ({ mandatory, defaultValue }) => mandatory && defaultValue === undefined,
      );
      for (const { short, long } of needed)
        assert.ok(
          given.some((flag) => flag === short || flag === long),
          `${example} lacks ${long}`,
        );
    }
  }
  assert.ok(examples > 40, `${examples} examples were found`);
});

test("help fits the terminal", async (context) => {
  const before = process.env["COLUMNS"];
  context.after(() => {
    if (before === undefined) delete process.env["COLUMNS"];
    else process.env["COLUMNS"] = before;
  });
  const widest = async (columns: string): Promise<number> => {
    process.env["COLUMNS"] = columns;
    const { stdout } = await runHere(["usage", "--help"]);
    return Math.max(...stdout.split("\n").map((line) => line.length));
  };
  assert.ok((await widest("60")) <= 60);
  assert.ok((await widest("140")) > 100);
});

test("every command prints JSON when it is asked to", () => {
  const without = leaves.filter(({ command }) => !command.options.some(({ long }) => long === "--json"));
  assert.deepEqual(
    without.map(({ words }) => words),
    [],
  );
});

test("every command and flag of the original is there", () => {
  const missing = Object.entries(ORIGINAL_FLAGS).flatMap(([words, flags]) => {
    const found = leaves.find((leaf) => leaf.words === `flowstead ${words}`);
    if (!found) return [words];
    const known = new Set(found.command.options.flatMap(({ short, long }) => [short, long]));
    return flags.split(" ").flatMap((flag) => (flag === "" || known.has(flag) ? [] : [`${words} ${flag}`]));
  });
  assert.deepEqual(missing, []);
});

test("no command takes a flag that it does not know: each names the one that was meant", async () => {
  for (const { words, command } of leaves) {
    if (words === "flowstead run build") continue; // It refuses whatever it is given.
    const needed = command.options.filter(({ mandatory }) => mandatory).flatMap(({ long }) => [long ?? "", "1"]);
    const values = command.registeredArguments.map(() => "a=1");
    const { code, stdout, stderr } = await runHere([...words.split(" ").slice(1), ...values, ...needed, "--jsom"]);
    assert.deepEqual([words, code, stdout], [words, 2, ""]);
    assert.match(stderr, /unknown option '--jsom'\n\(Did you mean --json\?\)/, words);
  }
});

const NEEDLESS: readonly { words: string; code: number; says: RegExp }[] = [
  { words: "service start --force", code: 0, says: /note: --force has no meaning here.*\n.*No service is needed/ },
  { words: "service stop", code: 0, says: /no service to stop/ },
  { words: "service status", code: 0, says: /No system runs on this state folder\..*flowstead up/ },
  { words: "upgrade --yes", code: 0, says: /npm install --global flowstead@latest/ },
  {
    words: "pfazure run create --subscription s --flow f",
    code: 1,
    says: /`flowstead run create` does the same on this/,
  },
  { words: "pfazure flow create --flow f --set a=b", code: 1, says: /online-deployment create --file/ },
  { words: "trace delete --run a --yes", code: 0, says: /Deleted 0 traces: .*flowstead run delete/ },
  { words: "trace delete --yes", code: 1, says: /Say whose traces/ },
  { words: "run build --source x --output y", code: 1, says: /flowstead flow build/ },
  { words: "flow test --flow x --config run.output_path=a", code: 2, says: /flowstead config set run\.output_path/ },
];

test("what has nothing to do here says so, and what to use", async () => {
  const { home, remove } = await temporaryHome();
  try {
    for (const { words, code, says } of NEEDLESS) {
      const result = await runHere([...words.split(" "), "--home", home]);
      assert.equal(result.code, code, words);
      assert.match(result.stderr, says);
    }
  } finally {
    await remove();
  }
});

test("--help and --version go to standard output and end with 0", async () => {
  const [top, sub, number] = await Promise.all([
    runProcess(["--help"]),
    runHere(["flow", "test", "--help"]),
    runHere(["--version"]),
  ]);
  for (const { code, stderr } of [top, sub, number]) assert.deepEqual([code, stderr], [0, ""]);
  assert.match(top.stdout, /^Usage: flowstead .*online-endpoint /s);
  assert.match(sub.stdout, /^Usage: flowstead flow test .*--variant <variant>/s);
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  assert.equal(number.stdout, `${version}\n`);
  assert.deepEqual(JSON.parse((await runHere(["version"])).stdout), { flowstead: version });
  // A group alone asks what is in it.
  assert.deepEqual([await runHere(["flow"]), await runHere([])], [await runHere(["flow", "--help"]), top]);
});

const WRONG: readonly { words: string[]; says: RegExp }[] = [
  { words: ["flo"], says: /unknown command 'flo'\n\(Did you mean flow\?\)/ },
  {
    words: ["flow", "test", "--flow", "x", "--inputz", "a=b"],
    says: /unknown option '--inputz'\n\(Did you mean --inputs\?\)/,
  },
  { words: ["flow", "test"], says: /required option '--flow <folder>' not specified/ },
  { words: ["flow", "serve", "--source", "x", "--port", "99999"], says: /'99999' is invalid\. Give a number from 0/ },
  { words: ["online-endpoint", "get-credentials", "-n", "chat", "-o", "xml"], says: /Allowed choices are json, tsv/ },
];

test("a wrong word is told with what was meant, on standard error, and ends with 2", async () => {
  for (const { words, says } of WRONG) {
    const { code, stdout, stderr } = await runHere(words);
    assert.equal(code, 2, words.join(" "));
    assert.equal(stdout, "", words.join(" "));
    assert.match(stderr, says);
  }
});

function withSubcommands(command: Command, above: string): { words: string; command: Command }[] {
  const words = `${above} ${command.name()}`;
  return [{ words, command }, ...command.commands.flatMap((sub) => withSubcommands(sub, words))];
}
