// `flow test --interactive`: lines in, answers out, a conversation that remembers, and Ctrl-C that stops one answer only.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { environment } from "../e2e/system.ts";
import { CLI } from "../program.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { writeFolder } from "../flow/flow-folder.ts";
import { runHere } from "./in-process.ts";

const ECHO = {
  "flow.dag.yaml": `
inputs:
  question: {type: string, is_chat_input: true}
  chat_history: {type: list, default: [], is_chat_history: true}
outputs:
  answer: {type: string, reference: "\${say.output}", is_chat_output: true}
  length: {type: int, reference: "\${count.output}"}
nodes:
- {name: say, type: prompt, source: {path: say.jinja2}, inputs: {question: "\${inputs.question}", history: "\${inputs.chat_history}"}}
- {name: count, type: python, source: {path: count.py}, inputs: {question: "\${inputs.question}"}}
`,
  "say.jinja2":
    "{% for turn in history %}{{ turn.inputs.question }}({{ turn.outputs.length }}) {% endfor %}{{ question }}",
  "count.py":
    'from promptflow.core import tool\n\n@tool\ndef count(question: str):\n    if question == "fail":\n        raise ValueError("asked to")\n    return len(question)\n',
};

interface Chat {
  process: ChildProcess;
  say(line: string): void;
  /** Waits until standard output has what is looked for. */
  until(what: RegExp): Promise<void>;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function startChat(context: TestContext, flow: string, ...more: string[]): Chat {
  const words = ["flow", "test", "--flow", flow, "--interactive", "--home", path.join(flow, ".home"), ...more];
  const child = spawn(process.execPath, [...CLI, ...words], {
    env: environment(),
    stdio: ["pipe", "pipe", "pipe"],
  });
  context.after(() => child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return {
    process: child,
    say: (line) => child.stdin.write(`${line}\n`),
    async until(what) {
      for (const deadline = Date.now() + 60_000; !what.test(stdout); await delay(20))
        assert.ok(Date.now() < deadline && child.exitCode === null, `${what} did not come\n${stdout}${stderr}`);
    },
    ended: new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr }))),
  };
}

test("lines of standard input are a conversation that remembers all outputs", async (context) => {
  const flow = writeFolder(context, ECHO);
  const chat = startChat(context, flow);
  chat.process.stdin?.end("one\n\nthree\n5\n");
  const { code, stdout, stderr } = await chat.ended;
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(stdout, "Bot: one\nBot: one(3) three\nBot: one(3) three(5) 5\n");
  const output: unknown = JSON.parse(readFileSync(path.join(flow, ".promptflow/chat.output.json"), "utf8"));
  assert.deepEqual(output, { answer: "one(3) three(5) 5", length: 1 });
  assert.equal(existsSync(path.join(flow, ".promptflow/flow.output.json")), false);
});

test("--json prints the outputs of each answer; a failed answer is told, forgotten, and is the exit code", async (context) => {
  // Words of the original's that change nothing here.
  const idle = ["--node", "say", "--config", "connection.provider=local"];
  const chat = startChat(context, writeFolder(context, ECHO), "--json", ...idle);
  chat.process.stdin?.end("one\nfail\ntwo\n");
  const { code, stdout, stderr } = await chat.ended;
  assert.equal(code, 1);
  assert.deepEqual(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
    [
      { answer: "one", length: 3 },
      { answer: "one(3) two", length: 3 },
    ],
  );
  assert.match(stderr, /^note: --interactive talks to the whole flow; --node is passed over\.\n/);
  assert.match(stderr, /^Error: .*\(ValueError\) asked to\n {2}at .*count\.py:6\n/m);
});

test("Ctrl-C stops the answer that is being written, and the chat goes on", async (context) => {
  const model = await fakeModel(context, {
    tokensPerSecond: 10,
    reply: "This answer is long enough that nobody would wait for the end of it. ".repeat(20),
  });
  const flow = writeFolder(context, {
    "flow.dag.yaml": `
inputs:
  question: {type: string, is_chat_input: true}
outputs:
  answer: {type: string, reference: "\${ask.output}", is_chat_output: true}
nodes:
- name: ask
  type: llm
  source: {type: code, path: ask.jinja2}
  inputs: {model: any, question: "\${inputs.question}"}
  connection: writer
  api: chat
`,
    "ask.jinja2": "# user:\n{{ question }}",
    "flowstead.yaml": `connections: {writer: {type: open_ai, base_url: "${model.url}/v1", api_key: k}}`,
  });
  const chat = startChat(context, flow, "--config", path.join(flow, "flowstead.yaml"));
  chat.say("a long story");
  await chat.until(/^Bot: \S+ \S+/m);
  const aborted = model.journal.until(({ outcome }) => outcome === "aborted", 20_000);
  chat.process.kill("SIGINT");
  assert.ok((await aborted).tokens > 0);
  chat.say("again");
  await chat.until(/Bot: .*\nBot: \S+/);
  chat.process.kill("SIGINT");
  chat.process.stdin?.end();
  const { code, stderr } = await chat.ended;
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/Stopped; this answer is not part of the conversation/g)?.length, 2);
});

test("a flow that cannot chat is told what it lacks", async (context) => {
  const flow = writeFolder(context, { "flow.dag.yaml": "outputs: {}\nnodes: []\n" });
  const { code, stderr } = await runHere(["flow", "test", "--flow", flow, "--interactive", "--home", `${flow}/.home`]);
  assert.equal(code, 1);
  assert.match(stderr, /has no input for the question, so it cannot chat/);
});
