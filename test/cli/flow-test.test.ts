// `flow test` as its user meets it: inputs, variants, what is printed where, and what a broken flow is told.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { CommandResult } from "../e2e/system.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { writeFolder } from "../flow/flow-folder.ts";
import { startCommand } from "./command.ts";
import { runHere } from "./in-process.ts";
import { SAY_VARIANTS } from "./variant.ts";

const GREETING = {
  "flow.dag.yaml": `
inputs:
  name: {type: string}
  times: {type: int, default: 1}
outputs:
  text: {type: string, reference: "\${say.output}"}
  times: {type: int, reference: "\${inputs.times}"}
nodes:
- name: say
  use_variants: true
${SAY_VARIANTS}`,
  "plain.jinja2": "Hello {{ name }}",
  "loud.jinja2": "HELLO {{ name | upper }}",
};

const TALK = {
  "flow.dag.yaml": `
inputs:
  question: {type: string, is_chat_input: true, default: hi}
  chat_history: {type: list}
outputs:
  answer: {type: string, reference: "\${say.output}", is_chat_output: true}
nodes:
- name: say
  type: prompt
  source: {type: code, path: say.jinja2}
  inputs: {question: "\${inputs.question}", turns: "\${inputs.chat_history}"}
`,
  "say.jinja2": "{{ question }} {{ turns | length }}",
};

const DIVIDING = {
  "flow.dag.yaml": `inputs:
  number: {type: int}
outputs:
  result: {type: int, reference: "\${divide.output}"}
nodes:
- name: divide
  type: python
  source: {type: code, path: divide.py}
  inputs:
    number: \${inputs.number}
`,
  "divide.py": `import json
from promptflow.core import tool

@tool
def divide(number: int):
    print("dividing")
    if number < 0:
        return json.loads("no JSON")
    return 10 // number
`,
};

const home = (flow: string): string[] => ["--home", path.join(flow, ".home")];
const flowTest = (flow: string, ...more: string[]): Promise<CommandResult> =>
  runHere(["flow", "test", "--flow", flow, ...more, ...home(flow)]);

/** Clean failures: code 1, nothing on standard output, no stack of ours. */
function assertTold({ code, stdout, stderr }: CommandResult, ...says: RegExp[]): void {
  assert.equal(code, 1, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /^Error: /m);
  assert.doesNotMatch(stderr, /\.ts:\d+|node:internal|This is a bug/);
  for (const say of says) assert.match(stderr, say);
}

test("inputs come as words or from a .json or .jsonl file, and keep their types", async (context) => {
  const flow = writeFolder(context, {
    ...GREETING,
    "inputs.json": '{"name": "Ada = Countess", "times": 3}',
    "inputs.jsonl": '{"name": "Grace", "times": 2}\n{"name": "never read"}\n',
  });
  const [words, json, jsonl] = await Promise.all([
    flowTest(flow, "--inputs", "name=Ada = Countess", "times=3"),
    flowTest(flow, "--inputs", path.join(flow, "inputs.json")),
    flowTest(flow, "--inputs", path.join(flow, "inputs.jsonl")),
  ]);
  assert.deepEqual(JSON.parse(words.stdout), { text: "Hello Ada = Countess", times: 3 });
  assert.deepEqual(JSON.parse(json.stdout), { text: "Hello Ada = Countess", times: 3 });
  assert.deepEqual(JSON.parse(jsonl.stdout), { text: "Hello Grace", times: 2 });
  for (const { code, stderr } of [words, json, jsonl])
    assert.match(`${code} ${stderr}`, /^0 say: completed in \d+\.\d\d s\n$/);
});

test("wrong inputs are told by name, and a misspelt one is warned of", async (context) => {
  const flow = writeFolder(context, { ...GREETING, "list.json": "[1]", "broken.json": '{"name":' });
  const file = (name: string): string => path.join(flow, name);
  const [bare, list, broken, absent, missing] = await Promise.all([
    flowTest(flow, "--inputs", "name"),
    flowTest(flow, "--inputs", file("list.json")),
    flowTest(flow, "--inputs", file("broken.json")),
    flowTest(flow, "--inputs", file("absent.json")),
    flowTest(flow),
  ]);
  assertTold(bare, /"name" is not of the form name=value/);
  assertTold(list, /list\.json must hold a JSON object/);
  assertTold(broken, /broken\.json: Not valid JSON.*line 1/);
  assertTold(absent, /Cannot read the inputs file .*absent\.json/);
  assertTold(missing, /flow input 'name' is not provided/, /flow\.dag\.yaml:3 \(input name\)$/m);

  const [wrongType, misspelt] = await Promise.all([
    flowTest(flow, "--inputs", "name=Ada", "times=often"),
    flowTest(flow, "--inputs", "name=Ada", "time=2"),
  ]);
  assertTold(wrongType, /'times' does not match the expected type 'int'/, /flow\.dag\.yaml:4 \(input times\)$/m);
  assert.equal(misspelt.code, 0);
  assert.match(misspelt.stderr, /warning: the flow has no input time; its inputs are name, times/);
});

test("--variant runs another variant; a wrong one names those there are", async (context) => {
  const flow = writeFolder(context, GREETING);
  const inputs = ["--inputs", "name=Ada"];
  const [loud, none, form] = await Promise.all([
    flowTest(flow, ...inputs, "--variant", "${say.loud}"),
    flowTest(flow, ...inputs, "--variant", "${say.quiet}"),
    flowTest(flow, ...inputs, "--variant", "loud"),
  ]);
  assert.deepEqual(JSON.parse(loud.stdout), { text: "HELLO ADA", times: 1 });
  assertTold(none, /Variant quiet not found for node .*plain, loud/);
  assertTold(form, /Invalid variant format: loud, variant should be in format of \$\{TUNING_NODE\.VARIANT\}/);
});

test("--json prints the outputs and nothing else", async (context) => {
  const flow = writeFolder(context, DIVIDING);
  const [said, quiet] = await Promise.all([
    flowTest(flow, "--inputs", "number=5"),
    flowTest(flow, "--inputs", "number=5", "--json"),
  ]);
  assert.match(said.stderr, /^\[divide\] dividing\ndivide: completed in /);
  assert.deepEqual([quiet.code, quiet.stderr], [0, ""]);
  for (const { stdout } of [said, quiet]) assert.deepEqual(JSON.parse(stdout), { result: 2 });
});

test("a node that raises is told with the author's own line, and its record is written", async (context) => {
  const flow = writeFolder(context, DIVIDING);
  const detail = path.join(flow, "detail");
  const [zero, inLibrary] = await Promise.all([
    flowTest(flow, "--inputs", "number=0", "--detail", detail),
    flowTest(flow, "--inputs", "number=-1"),
  ]);
  assertTold(
    zero,
    /Execution failure in 'divide': \(ZeroDivisionError\)/,
    /divide\.py:9$/m,
    /yaml:6 \(node divide\)$/m,
  );
  assertTold(inLibrary, /\(JSONDecodeError\)/, /divide\.py:8$/m);
  const record = JSON.parse(readFileSync(path.join(detail, "flow.detail.json"), "utf8")) as Detail;
  assert.equal(record.flow_runs[0]?.status, "Failed");
  assert.deepEqual(
    record.node_runs.map(({ node, status, logs }) => [node, status, logs.stdout]),
    [["divide", "Failed", "dividing\n"]],
  );
  assert.match(record.node_runs[0]?.error?.message ?? "", /ZeroDivisionError/);
  assert.deepEqual(JSON.parse(readFileSync(path.join(detail, "flow.output.json"), "utf8")), {});
});

interface Detail {
  flow_runs: { status: string }[];
  node_runs: { node: string; status: string; logs: { stdout: string }; error: { message: string } | null }[];
}

test("a broken flow is told with file and line", async (context) => {
  const yaml = GREETING["flow.dag.yaml"];
  const [syntax, template, noFile, noNode, noFlow] = await Promise.all([
    brokenFlow(context, { "flow.dag.yaml": "inputs:\n  name: {type: string\nnodes: []\n" }),
    brokenFlow(context, { ...GREETING, "plain.jinja2": "Hello\n{% for x in name %}\n{{ x }\n{% endfor %}" }),
    brokenFlow(context, { "flow.dag.yaml": DIVIDING["flow.dag.yaml"] }),
    brokenFlow(context, { ...GREETING, "flow.dag.yaml": yaml.replace("${say.output}", "${shout.output}") }),
    runHere(["flow", "test", "--flow", "no-such-folder"]),
  ]);
  assertTold(syntax, /flow\.dag\.yaml:3:\d+: /);
  assertTold(template, /TemplateSyntaxError/, /plain\.jinja2:3$/m);
  assertTold(noFile, /'divide\.py' can not be found/, /flow\.dag\.yaml:6 \(node divide\)$/m);
  assertTold(noNode, /non-existent node 'shout'/, /flow\.dag\.yaml:6 \(output text\)$/m);
  assertTold(noFlow, /Flow path no-such-folder does not exist/);
});

function brokenFlow(context: TestContext, files: Record<string, string>): Promise<CommandResult> {
  return flowTest(writeFolder(context, files), "--inputs", "name=Ada", "number=1");
}

test("Ctrl-C and SIGTERM cancel the model's call; the exit code is what shells give for the signal", async (context) => {
  const model = await fakeModel(context, { firstTokenMs: 60_000 });
  const flow = writeFolder(context, {
    "flow.dag.yaml": `
inputs:
  kind: {type: string, default: long}
outputs:
  text: {type: string, reference: "\${write.output}"}
nodes:
- name: subject
  type: prompt
  source: {type: code, path: subject.jinja2}
- name: write
  type: llm
  source: {type: code, path: write.jinja2}
  connection: writer
  api: chat
  inputs: {model: any, subject: "\${subject.output}"}
`,
    "subject.jinja2": "the sea",
    "write.jinja2": "# user:\nWrite a long text about {{ subject }}.",
    "data.jsonl": "{}\n",
    "flowstead.yaml": `connections: {writer: {type: open_ai, base_url: "${model.url}/v1", api_key: k}}`,
  });
  const interrupted = async (
    [words, ready]: readonly [readonly string[], RegExp],
    signal: NodeJS.Signals,
  ): Promise<{ code: number | null; stdout: string; stderr: string }> => {
    const before = model.journal.entries.length;
    const config = ["--config", path.join(flow, "flowstead.yaml"), ...home(flow)];
    const command = await startCommand([...words, "--flow", flow, ...config], { ready });
    context.after(() => command.stop("SIGKILL"));
    for (const deadline = Date.now() + 60_000; model.journal.entries.length === before; await delay(50))
      assert.ok(Date.now() < deadline, `the model was not called: ${command.stderr()}`);
    const aborted = model.journal.until(({ outcome, number }) => outcome === "aborted" && number > before, 20_000);
    const code = await command.stop(signal);
    assert.equal((await aborted).tokens, 0);
    return { code, stdout: command.stdout(), stderr: command.stderr() };
  };
  const once = [["flow", "test"], /^subject: completed/m] as const;
  const batch = [["run", "create", "--data", path.join(flow, "data.jsonl")], /^Run \w+: /m] as const;
  const ended = await interrupted(once, "SIGINT");
  assert.deepEqual([ended.code, ended.stdout], [130, ""]);
  assert.match(ended.stderr, /^write: canceled in /m);
  assert.match(ended.stderr, /^Error: .*canceled/m);
  assert.equal((await interrupted(once, "SIGTERM")).code, 143);
  const stopped = await interrupted(batch, "SIGTERM");
  assert.equal(stopped.code, 143);
  assert.match(stopped.stderr, /was stopped\. To go on with it: flowstead run create --resume-from/);
  assert.equal((await interrupted(batch, "SIGINT")).code, 130);
});

test("a conversation that nobody gives begins with no turns, as in the original, where the flow is a graph", async (context) => {
  const folder = writeFolder(context, {
    ...TALK,
    "ask.prompty":
      "---\nmodel: {api: chat}\ninputs: {question: {type: string}, chat_history: {type: list}}\n---\nuser:\n{{question}}\n",
  });
  const test = (...words: string[]): Promise<CommandResult> => runHere(["flow", "test", "--flow", ...words]);
  assert.deepEqual(JSON.parse((await test(folder)).stdout), { answer: "hi 0" });
  const given = await test(folder, "--inputs", 'chat_history=[{"inputs": {}, "outputs": {}}]');
  assert.deepEqual(JSON.parse(given.stdout), { answer: "hi 1" });
  const prompty = await test(path.join(folder, "ask.prompty"), "--inputs", "question=a");
  assert.equal(prompty.code, 1);
  assert.match(prompty.stderr, /'chat_history' is not provided in input data/);
});
