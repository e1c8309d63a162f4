// What a person meets at a terminal: secrets that are typed unseen, and colours that can be switched off.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { openConnectionStore } from "../../src/connection/store.ts";
import { writeFolder } from "../flow/flow-folder.ts";
import { atTerminal } from "./terminal.ts";

const TALK = {
  "flow.dag.yaml": `inputs:
  question: {type: string, is_chat_input: true}
  chat_history: {type: list, is_chat_history: true, default: []}
outputs:
  answer: {type: string, reference: "\${say.output}", is_chat_output: true}
nodes:
- {name: say, type: prompt, source: {type: code, path: say.jinja2}, inputs: {question: "\${inputs.question}"}}
`,
  "say.jinja2": "You said {{ question }}",
};

test("secrets that a file leaves open are asked for, those of custom connections too, and not shown", async (context) => {
  const folder = writeFolder(context, {
    "own.yaml":
      "name: own\ntype: custom\nconfigs: {base: x}\nsecrets: {one: <user-input>, two: <user-input>, three: given}\n",
  });
  const home = path.join(folder, "home");
  const create = ["connection", "create", "--file", path.join(folder, "own.yaml"), "--home", home];
  const stopped = await atTerminal(create, { after: "secrets.one: ", keys: "half-\\x03" });
  assert.equal(stopped.code, 130, stopped.screen);
  assert.match(stopped.screen, /Nothing was stored/);
  const store = openConnectionStore(path.join(home, "connections"));
  assert.deepEqual(await store.list(), []);
  // An empty answer is asked for again; a second line that came at once is the second answer.
  const made = await atTerminal(create, { after: "secrets.one: ", keys: "\\rpasted-onx\\x7fe\\rpasted-two\\r" });
  assert.equal(made.code, 0, made.screen);
  assert.match(made.screen, /cannot be empty[^]*secrets\.two: /);
  assert.doesNotMatch(made.screen, /pasted/);
  assert.deepEqual((await store.list())[0]?.secrets, { one: "pasted-one", two: "pasted-two", three: "given" });
});

test("a chat is without colours where NO_COLOR says so", async (context) => {
  const chat = ["flow", "test", "--flow", writeFolder(context, TALK), "--interactive"];
  const plain = await atTerminal(chat, { after: "User: ", keys: "hello\\r\\x04", env: { NO_COLOR: "1" } });
  assert.equal(plain.code, 0, plain.screen);
  assert.match(plain.screen, /Bot: You said hello/);
  // Control characters that move the cursor remain.
  assert.equal(plain.screen.includes("\u001b[3"), false);
  const usual = await atTerminal(chat, { after: "User:", keys: "hello\\r\\x04", env: { NO_COLOR: "" } });
  assert.ok(usual.screen.includes("\u001b[33mBot:\u001b[0m You said hello"), usual.screen);
});
