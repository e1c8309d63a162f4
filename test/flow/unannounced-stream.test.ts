// Python code that returns a stream without having declared it: whether it streams shows only when it runs.

import assert from "node:assert/strict";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { type Dispatcher, request } from "undici";
import { SILENT } from "../../src/base/log.ts";
import { flowServer } from "../../src/endpoint/flow-server.ts";
import { openFiles, runFlow, writeFolder } from "./flow-folder.ts";

const CHAT = {
  "flow.dag.yaml": `
inputs:
  question:
    type: string
outputs:
  answer:
    type: string
    reference: \${ask.output.answer}
nodes:
- name: ask
  type: python
  source:
    type: code
    path: ask.py
  inputs:
    question: \${inputs.question}
`,
  "ask.py": `
from promptflow.core import tool


def words(text):
    for word in text.split():
        yield word + " "


@tool
def ask(question: str) -> dict:
    return {"answer": words(question) if question else "nothing"}
`,
};

const FLEX = {
  "flow.flex.yaml": "entry: entry:ask\n",
  "entry.py": `
async def late(text):
    for letter in text:
        yield letter


def ask(question: str, twice: bool = False, tags: list = ["none"]):
    if twice:
        return {"answer": iter_of(question), "again": iter_of(question)}
    return {"answer": late(question), "length": len(question)}


def iter_of(text):
    yield from text
`,
};

test("a generator in a field of a node's result is a stream for those who ask for one, and text for others", async (context) => {
  const score = await serve(context, CHAT);
  assert.deepEqual(await score({ question: "a b" }, "text/event-stream"), [
    200,
    "text/event-stream; charset=utf-8",
    'data: {"answer":"a "}\n\ndata: {"answer":"b "}\n\n',
  ]);
  assert.deepEqual(await score({ question: "a b" }, "application/json"), [
    200,
    "application/json",
    '{"answer":"a b "}',
  ]);
  assert.deepEqual(await score({ question: "" }, "text/event-stream, */*"), [
    200,
    "application/json",
    '{"answer":"nothing"}',
  ]);
  const [status, , body] = await score({ question: "" }, "text/event-stream");
  assert.equal(status, 406);
  assert.match(body, /Media type text\/event-stream in Accept header is not acceptable/);
});

test("a flex flow streams one field after the plain ones, and refuses to stream two", async (context) => {
  const score = await serve(context, FLEX);
  assert.deepEqual(await score({ question: "ab" }, "text/event-stream"), [
    200,
    "text/event-stream; charset=utf-8",
    'data: {"length":2}\n\ndata: {"answer":"a"}\n\ndata: {"answer":"b"}\n\n',
  ]);
  const [status, , body] = await score({ question: "ab", twice: true }, "text/event-stream");
  assert.equal(status, 400);
  assert.match(body, /Multiple stream output fields not supported/);
  const whole = await score({ question: "ab", twice: true }, "*/*");
  assert.deepEqual(JSON.parse(whole[2]), { answer: "ab", again: "ab" });
});

test("a stream of nothing is a stream, and what map and its like make is one too", async (context) => {
  const score = await serve(context, {
    "flow.flex.yaml": "entry: entry:ask\n",
    "entry.py": `
def ask(words: list, alone: bool = False):
    said = map(str.upper, words)
    return iter(words) if alone else {"answer": said, "count": len(words)}
`,
  });
  const stream = "text/event-stream; charset=utf-8";
  const frames = 'data: {"count":2}\n\ndata: {"answer":"A"}\n\ndata: {"answer":"B"}\n\n';
  assert.deepEqual(await score({ words: ["a", "b"] }, "text/event-stream"), [200, stream, frames]);
  assert.deepEqual(JSON.parse((await score({ words: ["a", "b"] }, "*/*"))[2]), { answer: "AB", count: 2 });
  assert.deepEqual(await score({ words: [] }, "text/event-stream"), [200, stream, 'data: {"count":0}\n\n']);
  assert.deepEqual(await score({ words: [], alone: true }, "text/event-stream"), [200, stream, ""]);
});

test("code that fails while its stream is read is answered as the original answers it, and the run says where", async (context) => {
  const files = {
    "flow.dag.yaml": CHAT["flow.dag.yaml"].replace(".answer}", "}"),
    "ask.py": `
from promptflow.core import tool


@tool
def ask(question: str):
    def words():
        if question != "before":
            yield "one"
        raise ValueError("cut")

    if question == "itself":
        raise ValueError("own")
    return words()
`,
  };
  const score = await serve(context, files);
  const answer = (message: string, code = "SystemError"): string => JSON.stringify({ error: { code, message } });
  for (const question of ["before", "after"]) {
    const [status, , body] = await score({ question }, "application/json");
    assert.deepEqual([status, body], [500, answer("cut")], question);
  }
  const [status, , body] = await score({ question: "itself" }, "application/json");
  assert.deepEqual([status, body], [400, answer("Execution failure in 'ask': (ValueError) own", "UserError")]);
  assert.equal((await score({ question: "before" }, "text/event-stream"))[0], 500);
  const { error } = await runFlow(await openFiles(context, files), { question: "after" });
  assert.equal(error?.message, "Execution failure in 'ask': (ValueError) cut");
  assert.equal(error?.details?.["lineno"], 10);
});

test("a piece that is no text is sent as what it is, and as its text in a whole answer", async (context) => {
  const pieces = "def ask():\n    yield 1\n    yield {'a': [None, 2.5]}\n    yield 'x'\n";
  const score = await serve(context, { "flow.flex.yaml": "entry: entry:ask\n", "entry.py": pieces });
  const [, , stream] = await score({}, "text/event-stream");
  assert.deepEqual(
    stream.split("\n\n").map((frame) => frame && (JSON.parse(frame.slice(6)) as unknown)),
    [{ output: 1 }, { output: { a: [null, 2.5] } }, { output: "x" }, ""],
  );
  assert.equal((await score({}, "*/*"))[2], JSON.stringify("1{'a': [None, 2.5]}x"));
  const returned = { "flow.flex.yaml": "entry: entry:give\n", "entry.py": `${pieces}def give():\n    return ask()\n` };
  assert.equal((await (await serve(context, returned))({}, "text/event-stream"))[2], stream);
});

const LIVE = `
import pathlib
import time


def words(question, mark):
    yield "one "
    while not pathlib.Path(mark).exists():
        time.sleep(0.01)
    yield "two"
`;

const FIELDS = 'data: {"context":["a",1.0],"length":1}\n\n';

test("a field of what a function returns streams while its code runs, after the fields beside it", async (context) => {
  const mark = path.join(writeFolder(context, {}), "go");
  const inputs = { question: "q", mark };
  const result = '{"context": ["a", 1.0], "answer": words(question, mark), "length": 1}';
  const dataclass = `
from dataclasses import dataclass
@dataclass
class Said:
    context: list
    answer: object
    length: int
`;
  const late = LIVE.replace("def words", "async def words");
  const entries: Record<string, string> = {
    dict: `${LIVE}\ndef ask(question: str, mark: str):\n    return ${result}\n`,
    dataclass: `${LIVE}${dataclass}\ndef ask(question: str, mark: str) -> Said:\n    return Said(**${result})\n`,
    coroutine: `${late}\nasync def ask(question: str, mark: str):\n    return ${result}\n`,
  };
  for (const [name, entry] of Object.entries(entries)) {
    const url = await listen(context, { "flow.flex.yaml": "entry: entry:ask\n", "entry.py": entry });
    rmSync(mark, { force: true });
    const first = `${FIELDS}data: {"answer":"one "}\n\n`;
    const { body } = await call(url, inputs, "text/event-stream");
    assert.equal(await readUntil(body, first, mark), `${first}data: {"answer":"two"}\n\n`, name);
    const whole = await call(url, inputs, "application/json");
    assert.equal(await whole.body.text(), '{"context":["a",1.0],"answer":"one two","length":1}', name);
  }
});

test("a function that returns nothing but a stream in a field needs no other to begin", async (context) => {
  const mark = path.join(writeFolder(context, {}), "go");
  const entry = `${LIVE}\ndef ask(mark: str):\n    return {"answer": words("", mark)}\n`;
  const url = await listen(context, { "flow.flex.yaml": "entry: entry:ask\n", "entry.py": entry });
  const { body } = await call(url, { mark }, "text/event-stream");
  const first = 'data: {"answer":"one "}\n\n';
  assert.equal(await readUntil(body, first, mark), `${first}data: {"answer":"two"}\n\n`);
});

test("a field of a node's result streams while its code runs, once the other outputs are known", async (context) => {
  const mark = path.join(writeFolder(context, {}), "go");
  const yaml = `
inputs: {mark: {type: string}}
outputs:
  context: {type: list, reference: "\${ask.output.context}"}
  answer: {type: string, reference: "\${ask.output.answer}"}
  length: {type: int, reference: "\${count.output}"}
nodes:
- {name: ask, type: python, source: {type: code, path: ask.py}, inputs: {mark: "\${inputs.mark}"}}
- {name: count, type: python, source: {type: code, path: count.py}, inputs: {mark: "\${inputs.mark}"}}
`;
  const tool = "from promptflow.core import tool\n";
  const url = await listen(context, {
    "flow.dag.yaml": yaml,
    "ask.py": `${tool}${LIVE}\n@tool\ndef ask(mark: str):\n    return {"answer": words("", mark), "context": ["a", 1.0]}\n`,
    "count.py": `${tool}\n@tool\ndef count(mark: str):\n    return 1\n`,
  });
  const { body } = await call(url, { mark }, "text/event-stream");
  const first = `${FIELDS}data: {"answer":"one "}\n\n`;
  assert.equal(await readUntil(body, first, mark), `${first}data: {"answer":"two"}\n\n`);
  const whole = await call(url, { mark }, "application/json");
  assert.equal(await whole.body.text(), '{"context":["a",1.0],"answer":"one two","length":1}');
});

test("a field beside the stream that JSON cannot say fails the call with a status", async (context) => {
  const entry = "def ask():\n    return {'answer': iter(['a']), 'odd': object()}\n";
  const score = await serve(context, { "flow.flex.yaml": "entry: entry:ask\n", "entry.py": entry });
  const [status, , body] = await score({}, "text/event-stream");
  assert.equal(status, 400);
  assert.match(body, /The output 'odd' for flow is incorrect/);
});

/** The whole body. The code goes on only after the first pieces have come. */
async function readUntil(body: AsyncIterable<Buffer>, first: string, mark: string): Promise<string> {
  let text = "";
  for await (const piece of body) {
    text += piece.toString();
    if (text === first) writeFileSync(mark, "");
    else if (text.length < first.length) assert.ok(first.startsWith(text), text);
  }
  return text;
}

type Score = (inputs: object, accept: string) => Promise<[status: number, contentType: string, body: string]>;

async function listen(context: TestContext, files: Record<string, string>): Promise<string> {
  const target = await openFiles(context, files);
  const server = flowServer(target, { log: SILENT, version: "1" });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/score`;
}

function call(url: string, inputs: object, accept: string): Promise<Dispatcher.ResponseData> {
  const headers = { "content-type": "application/json", accept };
  // Code that waits for a piece to be seen would otherwise wait for ever.
  return request(url, { method: "POST", headers, body: JSON.stringify(inputs), signal: AbortSignal.timeout(20_000) });
}

async function serve(context: TestContext, files: Record<string, string>): Promise<Score> {
  const url = await listen(context, files);
  return async (inputs, accept) => {
    const { statusCode, headers, body } = await call(url, inputs, accept);
    return [statusCode, String(headers["content-type"]), await body.text()];
  };
}
