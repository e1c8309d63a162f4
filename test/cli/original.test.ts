// Commands and flags with the original's words that other tests do not meet.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { parquetWriteFile } from "hyparquet-writer";
import { type CommandResult, environment, temporaryHome } from "../e2e/system.ts";
import { CLI } from "../program.ts";
import { runHere } from "./in-process.ts";

const { home, remove } = await temporaryHome();
after(remove);
const folder = path.dirname(home);
const at = (...names: string[]): string => path.join(folder, ...names);
const GREET = path.resolve("test/fixture/flow/greet");

const command = (...args: string[]): Promise<CommandResult> => runHere([...args, "--home", home]);

function writeFolder(where: string, files: Record<string, string>): void {
  mkdirSync(where, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(where, name), text);
}

async function ok(...args: string[]): Promise<CommandResult> {
  const result = await command(...args);
  assert.equal(result.code, 0, `${args.join(" ")}\n${result.stderr}`);
  return result;
}

const INTENT = `class Extractor:
    def __init__(self, model: str, depth: int = 2):
        self.model = model
        self.depth = depth

    def __call__(self, text: str, times: int = 1) -> dict:
        return {"out": self.model * self.depth + text * times}


def extract(text: str, prompt: str) -> str:
    return prompt + "|" + text
`;

test("module:function stands for a flow where a folder would, whatever flow.flex.yaml is beside the code", async () => {
  writeFolder(at("bare"), { "intent.py": INTENT, "flow.flex.yaml": "entry: intent:nonesuch\n" });
  const flow = at("bare", "intent:Extractor");
  writeFileSync(at("init.json"), '{"model": "m", "depth": 1}');
  const init = ["--init", at("init.json")];
  const tested = await ok("flow", "test", "--flow", flow, "--inputs", "text=hi", ...init);
  assert.deepEqual(JSON.parse(tested.stdout), { out: "mhi" });
  const bare = await ok("flow", "test", "--flow", at("bare", "intent:extract"), "--inputs", "text=hi", "prompt=p");
  assert.equal(bare.stdout, "p|hi\n");
  writeFileSync(at("bare.jsonl"), '{"text": "a"}\n');
  const run = await ok("run", "create", "--flow", flow, "--data", at("bare.jsonl"), ...init, "--json");
  assert.match(JSON.parse(run.stdout).name, /^bare_/);
  await ok("flow", "build", "--source", flow, "--output", at("bare-built"));
  assert.equal(readFileSync(at("bare-built", "flow", "flow.flex.yaml"), "utf8"), "entry: intent:Extractor\n");
  const missing = await command("flow", "test", "--flow", at("bare", "intent:nonesuch"));
  assert.match(missing.stderr, /Failed to load python function 'nonesuch' from file 'intent'/);
  const nowhere = await command("flow", "test", "--flow", at("bare", "intend:Extractor"));
  assert.match(nowhere.stderr, /\n {2}There is no intend\.py in .*bare\.\n$/);
  assert.equal(existsSync(at("bare", "intent:Extractor")), false);
});

test("files as editors of Windows save them, with a mark before the first line, are read as they look", async () => {
  const saved = (text: string): string => `\uFEFF${text.replaceAll("\n", "\r\n")}`;
  writeFolder(at("marked"), {
    "flow.dag.yaml": saved(
      "inputs: {q: {type: string}}\noutputs: {o: {type: string, reference: '${p.output}'}}\nnodes:\n" +
        "- {name: p, type: prompt, source: {type: code, path: p.jinja2}, inputs: {q: '${inputs.q}'}}\n",
    ),
    "p.jinja2": saved("{{q}}!"),
    "in.json": saved('{\n"q": "hi"}\n'),
    ".env": saved("FIRST=1\n"),
  });
  const given = ["--inputs", at("marked", "in.json"), "--environment-variables", at("marked", ".env")];
  const { stdout } = await ok("flow", "test", "--flow", at("marked"), ...given, "--json");
  assert.deepEqual(JSON.parse(stdout), { o: "hi!" });
});

test("a class becomes a flex flow with its signature, and is tested, run and built with --init", async () => {
  mkdirSync(at("src"));
  writeFileSync(at("src", "intent.py"), INTENT);
  await ok("flow", "save", "--entry", "intent:Extractor", "--code", at("src"), "--path", at("saved"));
  assert.equal(
    readFileSync(at("saved", "flow.flex.yaml"), "utf8"),
    "entry: intent:Extractor\ninit:\n  model:\n    type: string\n  depth:\n    type: int\n    default: 2\ninputs:\n  text:\n    type: string\n  times:\n    type: int\n    default: 1\n",
  );
  // Within its code, too, which is copied without it.
  await ok("flow", "save", "--entry", "intent:Extractor", "--code", at("src"), "--path", at("src/own/flow"));
  assert.deepEqual(readdirSync(at("src/own/flow")).toSorted(), ["flow.flex.yaml", "intent.py", "own"]);
  const init = ["--init", "model=m", "depth=1"];
  const tested = await ok("flow", "test", "--flow", at("saved"), "--inputs", "text=hi", ...init, "--json");
  assert.deepEqual(JSON.parse(tested.stdout), { out: "mhi" });
  assert.equal(JSON.parse((await ok("flow", "validate", "--source", at("saved"))).stdout).result, "Succeeded");
  writeFileSync(at("texts.jsonl"), '{"text": "a"}\n{"text": "b"}\n');
  await ok("run", "create", "--flow", at("saved"), "--data", at("texts.jsonl"), ...init, "--name", "flex", "--json");
  assert.match((await ok("run", "show-details", "-n", "flex")).stdout, /a +1? *0 +ma\n/);
  await ok("flow", "build", "--source", at("saved"), "--output", at("built"), "--format", "executable");
  assert.deepEqual(
    readdirSync(at("built"))
      .filter((name) => !name.endsWith(".tgz"))
      .toSorted((a, b) => a.localeCompare(b)),
    ["flow", "README.md", "settings.json", "start.cmd", "start.sh"],
  );
});

test("a function becomes a flow whose prompt comes from a template", async () => {
  mkdirSync(at("entry"));
  writeFileSync(at("entry", "intent.py"), INTENT);
  writeFileSync(at("entry", "ask.jinja2"), "About {{ topic }}");
  const words = ["--entry", "intent.py", "--function", "extract", "--prompt-template", "prompt=ask.jinja2"];
  await ok("flow", "init", "--flow", at("entry"), ...words);
  const tested = await ok("flow", "test", "--flow", at("entry"), "--inputs", "text=hi", "topic=tea", "--json");
  assert.deepEqual(JSON.parse(tested.stdout), { output: "About tea|hi" });
  const again = await ok("flow", "init", "--flow", at("entry"), "--yes", ...words.slice(0, -1), "prompt=new.jinja2");
  assert.match(
    again.stderr,
    /Cannot find the prompt template "new\.jinja2", creating an empty prompt file in the flow/,
  );
  const wrong = await command("flow", "init", "--flow", at("entry"), "--entry", "intent.py", "--function", "nothing");
  assert.match(wrong.stderr, /The entry intent:nothing cannot be read: .*has no function or class nothing/);
});

test("settings change their own lines of pf.yaml, and say where runs are kept", async () => {
  const flow = at("greet");
  writeFolder(flow, { "flow.dag.yaml": readFileSync(path.join(GREET, "flow.dag.yaml"), "utf8") });
  for (const name of readdirSync(GREET).filter((one) => one.endsWith(".py") || one.endsWith(".jinja2")))
    writeFileSync(path.join(flow, name), readFileSync(path.join(GREET, name)));
  mkdirSync(home, { recursive: true });
  writeFileSync(path.join(home, "pf.yaml"), "# mine\nrun:\n  output_path: old  # keep\n");
  await ok("config", "set", "run.output_path=${flow_directory}/.runs", "trace.destination=none");
  assert.equal(
    readFileSync(path.join(home, "pf.yaml"), "utf8"),
    "# mine\nrun:\n  output_path: ${flow_directory}/.runs  # keep\ntrace:\n  destination: none\n",
  );
  assert.match(
    (await ok("config", "set", "run.outputs=x")).stderr,
    /"run\.outputs" has no meaning here\. Did you mean run\.output_path\?/,
  );
  assert.equal((await command("config", "set", "trace.destination=azureml")).code, 1);
  parquetWriteFile({
    filename: at("rows.parquet"),
    columnData: [
      { name: "name", data: ["Ann", "Bob"], type: "STRING" },
      { name: "count", data: [1, 2], type: "INT32" },
    ],
  });
  await ok("run", "create", "--flow", flow, "--data", at("rows.parquet"), "--name", "kept", "--json");
  const outputs = readFileSync(path.join(flow, ".runs/kept/flow_outputs/output.jsonl"), "utf8");
  assert.match(outputs, /^\{"line_number":0,"greeting":"Hello Ann!"/);
  assert.match((await ok("run", "list", "-o", "table")).stdout, /kept +Completed/);
  await ok("run", "delete", "-n", "kept", "--assume-yes");
  assert.ok(!existsSync(path.join(flow, ".runs/kept")));
  assert.doesNotMatch((await ok("run", "list", "-o", "table")).stdout, /kept/);
  rmSync(path.join(home, "pf.yaml"));
});

test("a run file takes what the original's takes; what changed under a resumed run is told", async () => {
  const flow = at("shout");
  const yaml =
    "inputs:\n  n: {type: int}\noutputs:\n  text: {type: string, reference: '${say.output}'}\nnodes:\n- name: say\n  type: python\n  source: {type: code, path: say.py}\n  inputs: {n: '${inputs.n}', word: low}\n";
  const code = (sign: string): string =>
    `import os\nfrom promptflow.core import tool\n\n\n@tool\ndef say(n: int, word: str) -> str:\n    if n == 2 and "${sign}" == "!":\n        raise ValueError("two")\n    return "%s %s %d${sign}" % (os.environ.get("WHO"), word, n)\n`;
  writeFolder(flow, { "flow.dag.yaml": yaml, "say.py": code("!") });
  writeFileSync(at("numbers.csv"), "n\n1\n2\n3\n");
  writeFileSync(at("mine.env"), "WHO=me\n");
  writeFileSync(
    at("shout.yaml"),
    "flow: shout\ndata: numbers.csv\nname: first\nenvironment_variables: mine.env\nconnections:\n  say: {word: high}\nproperties: {team: a}\nresources: {instance_type: x}\n",
  );
  const first = await ok("run", "create", "-f", at("shout.yaml"));
  assert.match(first.stderr, /note: .*shout\.yaml: resources is for runs in the cloud/);
  assert.match((await ok("run", "show-details", "-n", "first")).stdout, /1 +0 +me high 1!/);
  writeFolder(flow, { "say.py": code("?"), "more.txt": "" });
  writeFileSync(at("numbers.csv"), "n\n1\n2\n4\n");
  const second = await ok("run", "create", "--resume-from", "first", "--name", "second");
  assert.match(
    second.stderr,
    /The flow is not what it was in the run that is resumed: added more\.txt, changed say\.py\./,
  );
  assert.match(second.stderr, /The data of 1 completed lines has changed; they run again\./);
  const details = JSON.parse((await ok("run", "show-details", "-n", "second", "--json")).stdout) as object[];
  assert.deepEqual(
    details.map((row) => (row as { "outputs.text": string })["outputs.text"]),
    ["me high 1!", "me high 2?", "me high 4?"],
  );
  const wrong = ["--connections", "say.nothing=x"];
  assert.match(
    (await command("run", "create", "-f", at("shout.yaml"), "--name", "x", ...wrong)).stderr,
    /not found in node say's inputs/,
  );
});

test("a tool and a package of tools to begin with; a connection from a .env file", async () => {
  const words = ["tool", "init", "--tool", "shorten", "--json", "--package"];
  // Where Pillow is installed, it is looked at.
  const icon = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );
  writeFileSync(at("icon.png"), icon);
  const made = runIn(folder, [...words, "my_tools", "--set", "category=text", "icon=icon.png"]);
  assert.deepEqual(JSON.parse(made.stdout).files.length, 6, made.stderr);
  // Where the tool's own file says.
  assert.match(
    readFileSync(at("my_tools/my_tools/shorten.py"), "utf8"),
    /icon=Path\(__file__\)\.parent\.parent \/ "icons"/,
  );
  assert.deepEqual(readFileSync(at("my_tools/icons/icon.png")), icon);
  const valid = await ok("tool", "validate", "--source", at("my_tools/my_tools/shorten.py"));
  assert.equal(JSON.parse(valid.stdout).result, "Succeeded");
  writeFileSync(at("keys.env"), "A=one\nB=two\n");
  const created = await ok("connection", "create", "-f", at("keys.env"), "--name", "mine");
  assert.deepEqual(JSON.parse(created.stdout).secrets, { A: "******", B: "******" });
  assert.equal(JSON.parse((await ok("connection", "list", "-r", "1")).stdout).length, 1);
});

test("a word that does not exist gets a suggestion, and --debug tells what is behind an error", async () => {
  const [flag, wrong] = await Promise.all([
    command("flow", "serve", "--source", "x", "--engines", "flask"),
    command("run", "show", "-n", "none", "--debug"),
  ]);
  assert.match(flag.stderr, /unknown option '--engines'\n\(Did you mean --engine\?\)/);
  assert.match(wrong.stderr, /Run 'none' cannot be found.*\ncode: RunNotFoundError/);
});

/** `tool init` writes into the working folder. */
function runIn(cwd: string, args: string[]): { stdout: string; stderr: string } {
  return spawnSync(process.execPath, [...CLI, ...args], { cwd, env: environment(), encoding: "utf8" });
}
