// A model's answer that Python code of another node reads while it comes.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { FlowEvent } from "../../src/flow/event.ts";
import type { FlowTarget, OpenFlowOptions } from "../../src/flow/flow-target.ts";
import type { ChatChunk } from "../../src/model/chat-model.ts";
import { type Script, type ScriptedModel, scriptedModel } from "../fake/scripted-model.ts";
import { openFiles, runFlow } from "./flow-folder.ts";

const connections = [{ name: "c", type: "OpenAIConnection" as const, configs: {}, secrets: {} }];
const WORDS = ["one ", "two ", "three "];

interface Flow {
  /** Inputs of the llm node beside its model. */
  ask?: string;
  outputs?: Record<string, string>;
  /** Nodes after the llm node, as they stand in the file. */
  nodes: string[];
  files: Record<string, string>;
}

/** A flow whose node `ask` asks a model for a stream. */
async function open(
  context: TestContext,
  { ask = "stream: true", outputs = { o: "${read.output}" }, nodes, files }: Flow,
  script: Script = {},
  options: Partial<OpenFlowOptions> = {},
): Promise<{ target: FlowTarget; model: ScriptedModel }> {
  const model = scriptedModel({ pieces: () => WORDS, ...script });
  const target = await openFiles(
    context,
    {
      "flow.dag.yaml": [
        "outputs:",
        ...Object.entries(outputs).map(([name, reference]) => `  ${name}: {type: object, reference: '${reference}'}`),
        "nodes:",
        `- {name: ask, type: llm, source: {path: ask.jinja2}, inputs: {model: m, ${ask}}, connection: c, api: chat}`,
        ...nodes,
        "",
      ].join("\n"),
      "ask.jinja2": "user:\ncount\n",
      ...Object.fromEntries(
        Object.entries(files).map(([name, text]) => [
          name,
          name.endsWith(".py") ? `from promptflow.core import tool\n@tool\n${text}\n` : text,
        ]),
      ),
    },
    { model, connections, ...options },
  );
  return { target, model };
}

function python(name: string, inputs = "x: '${ask.output}'", more = ""): string {
  return `- {name: ${name}, type: python, source: {type: code, path: ${name}.py}, inputs: {${inputs}}${more}}`;
}

test("a node gets a generator of the pieces where the model is asked to stream, else the text", async (context) => {
  const about = "    return [type(x).__name__, hasattr(x, 'send'), list(x) if type(x) is not str else x]";
  for (const head of ["def read(x):\n", "async def read(x):\n"]) {
    const { target } = await open(context, { nodes: [python("read")], files: { "read.py": head + about } });
    const { outputs, values, nodes, events } = await runFlow(target);
    assert.deepEqual(outputs, { o: ["generator", true, WORDS] });
    // Records have what the model said, and what it used.
    assert.deepEqual(nodes, { ask: "completed", read: "completed" });
    assert.equal(values["ask"], "one two three ");
    const end = events.find((event) => event.type === "node-end" && event.node === "ask");
    assert.equal(end?.type === "node-end" && end.usage?.totalTokens, 12);
  }
  for (const ask of ["stream: false", "temperature: 0"]) {
    const files = { "read.py": `def read(x):\n${about}` };
    const { target } = await open(context, { ask, nodes: [python("read")], files });
    assert.deepEqual((await runFlow(target)).outputs, { o: ["str", false, "one two three "] });
  }
});

test("what a node yields of an answer that comes leaves before the model has said the rest", async (context) => {
  let goOn = (): void => {};
  const seen = new Promise<void>((resolve) => (goOn = resolve));
  const { target } = await open(
    context,
    { nodes: [python("read")], files: { "read.py": "def read(x):\n    for piece in x:\n        yield piece.upper()" } },
    // It says no more before the first piece has come out.
    { before: (index) => (index === 1 ? seen : undefined) },
  );
  const texts: string[] = [];
  for await (const event of target.invoke({ inputs: {} }, AbortSignal.timeout(20_000))) {
    if (event.type === "text-delta") {
      texts.push(event.text);
      goOn();
    }
    assert.notEqual(event.type, "error");
  }
  assert.deepEqual(texts, ["ONE ", "TWO ", "THREE "]);
});

test("code that reads no further stops the model, and one that does not read at all holds nothing up", async (context) => {
  const forever = { before: (index: number) => (index === 2 ? new Promise(() => {}) : undefined) };
  const ways = {
    closes: "    first = next(x)\n    x.close()\n    return first",
    "goes on to something else": "    return next(x)",
    "reads nothing": "    return 'one '",
  };
  for (const [way, code] of Object.entries(ways)) {
    const files = { "read.py": `def read(x):\n${code}` };
    const { target, model } = await open(context, { nodes: [python("read")], files }, forever);
    const { outputs, nodes } = await runFlow(target, {}, AbortSignal.timeout(20_000));
    assert.deepEqual(outputs, { o: "one " }, way);
    assert.deepEqual(nodes, { read: "completed", ask: "completed" }, way);
    assert.deepEqual([model.stopped, model.active], [1, 0], way);
  }
});

test("a model is not asked far ahead of code that reads slowly", async (context) => {
  let given = 0;
  const code = "def read(x):\n    import time\n    next(x)\n    time.sleep(0.5)\n    return len(list(x)) + 1";
  const { target } = await open(
    context,
    { nodes: [python("read")], files: { "read.py": code } },
    { pieces: () => Array.from({ length: 5000 }, () => "x "), before: () => void given++ },
  );
  const running = runFlow(target);
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.ok(given < 500, `the model was asked for ${given} pieces ahead of the reader`);
  assert.deepEqual((await running).outputs, { o: 5000 });
});

test("a slow reader holds back the code that yields, and with it the model that it reads", async (context) => {
  for (const head of ["def", "async def"]) {
    let given = 0;
    const { target } = await open(
      context,
      { nodes: [python("read")], files: { "read.py": `${head} read(x):\n    for piece in x:\n        yield piece` } },
      { pieces: () => Array.from({ length: 5000 }, () => "x "), before: () => void given++ },
    );
    const events = target.invoke({ inputs: {} }, AbortSignal.timeout(20_000))[Symbol.asyncIterator]();
    let read = 0;
    while (read < 10) if ((await events.next()).value?.type === "text-delta") read++;
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(given < 2500, `${head}: the model was asked for ${given} pieces ahead of the reader`);
    for (let next = await events.next(); !next.done; next = await events.next()) {
      if (next.value.type === "text-delta") read++;
    }
    assert.equal(read, 5000, head);
  }
});

test("nodes share one generator: what the first has read the second does not get", async (context) => {
  const { target } = await open(context, {
    nodes: [python("first"), python("read", "x: '${ask.output}', after: '${first.output}'")],
    files: {
      "first.py": "def first(x):\n    return next(x)",
      "read.py": "def read(x, after):\n    return [after, list(x)]",
    },
  });
  assert.deepEqual((await runFlow(target)).outputs, { o: ["one ", ["two ", "three "]] });
});

test("prompts, conditions, aggregations and outputs get the whole text, also where code reads a part of it", async (context) => {
  const { target } = await open(
    context,
    {
      outputs: { o: "${read.output}", whole: "${ask.output}", said: "${said.output}", again: "${again.output}" },
      nodes: [
        python("read"),
        "- {name: said, type: prompt, source: {path: said.jinja2}, inputs: {x: '${ask.output}'}}",
        python(
          "again",
          "x: '${ask.output}', after: '${read.output}'",
          ", activate: {when: '${ask.output}', is: 'one two three '}",
        ),
        python("sum", "x: '${ask.output}'", ", aggregation: true"),
      ],
      files: {
        "read.py": "def read(x):\n    first = next(x)\n    x.close()\n    return first",
        "said.jinja2": "<{{x}}>",
        "again.py": "def again(x, after):\n    return list(x)",
        "sum.py": "def sum(x):\n    return x",
      },
    },
    {},
    { aggregate: true },
  );
  const { outputs, error, values } = await runFlow(target);
  assert.equal(error, undefined);
  assert.deepEqual(outputs, { o: "one ", whole: "one two three ", said: "<one two three >", again: [] });
  assert.deepEqual(values["sum"], ["one two three "]);
});

test("a reference into an answer that streams is refused as one into a text", async (context) => {
  const { target } = await open(context, {
    nodes: [python("read", "x: '${ask.output.words}'")],
    files: { "read.py": "def read(x):\n    return x" },
  });
  const { error } = await runFlow(target);
  assert.equal(error?.code, "InvalidReferenceProperty");
});

test("a model that fails in the middle is an exception where the pieces are read, and one that fails before a failed node", async (context) => {
  const flow = {
    nodes: [python("read")],
    files: {
      "read.py":
        "def read(x):\n    got = []\n    try:\n        for piece in x: got.append(piece)\n    except Exception as error: got.append(type(error).__name__ + ': ' + str(error))\n    return got",
    },
  };
  const failing = (at: number): Script => ({
    before: (index) => (index === at ? Promise.reject(new Error("the line is cut")) : undefined),
  });
  const caught = await runFlow((await open(context, flow, failing(1))).target);
  const [first, said] = (caught.outputs?.["o"] ?? []) as string[];
  assert.equal(first, "one ");
  assert.match(said ?? "", /the line is cut/);
  assert.deepEqual(caught.nodes, { ask: "failed", read: "completed" });
  const before = await runFlow((await open(context, flow, failing(0))).target);
  assert.deepEqual(before.nodes, { ask: "failed" });
  assert.match(before.error?.message ?? "", /the line is cut/);
  const uncaught = { ...flow, files: { "read.py": "def read(x):\n    return list(x)" } };
  const failed = await runFlow((await open(context, uncaught, failing(1))).target);
  assert.deepEqual(failed.nodes, { ask: "failed", read: "failed" });
  assert.match(failed.error?.message ?? "", /the line is cut/);
});

test("a run that is canceled while code reads ends at once, and so does the model", async (context) => {
  const { target, model } = await open(
    context,
    { nodes: [python("read")], files: { "read.py": "def read(x):\n    for piece in x: print(piece, flush=True)" } },
    { before: (index) => (index === 1 ? new Promise(() => {}) : undefined) },
  );
  const stop = new AbortController();
  const events: FlowEvent[] = [];
  for await (const event of target.invoke({ inputs: {} }, stop.signal)) {
    events.push(event);
    if (event.type === "node-log") stop.abort();
  }
  const last = events.at(-1);
  assert.equal(last?.type === "error" && last.error.code, "Canceled");
  assert.equal(model.active, 0);
  // Its process is well: the code has ended.
  const again = await open(context, {
    nodes: [python("read")],
    files: { "read.py": "def read(x):\n    return list(x)" },
  });
  assert.deepEqual((await runFlow(again.target)).outputs, { o: WORDS });
});

test("an empty answer is a generator of nothing", async (context) => {
  const { target } = await open(
    context,
    { nodes: [python("read")], files: { "read.py": "def read(x):\n    return [type(x).__name__, list(x)]" } },
    { pieces: () => [] },
  );
  assert.deepEqual((await runFlow(target)).outputs, { o: ["generator", []] });
});

test("code that waits for a model which hears of no abort is ended at once, and its process stays", async (context) => {
  const source = "def read(x):\n    import os\n    for piece in x: print(piece, flush=True)\n    return os.getpid()";
  const { target, model } = await open(context, { nodes: [python("read")], files: { "read.py": source } });
  const { outputs: before } = await runFlow(target);
  const { chat } = model;
  let letGo = (): void => {};
  const silence = new Promise<void>((resolve) => (letGo = resolve));
  model.chat = async function* (): AsyncGenerator<ChatChunk> {
    yield { id: "x", created: 1, model: "deaf", choices: [{ index: 0, delta: { content: "one " } }] };
    await silence;
  };
  const stop = new AbortController();
  for await (const event of target.invoke({ inputs: {} }, stop.signal)) {
    if (event.type === "node-log") stop.abort();
    if (event.type === "error") assert.equal(event.error.code, "Canceled");
  }
  model.chat = chat;
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.deepEqual((await runFlow(target)).outputs, before);
  letGo();
});

test("coroutines that wait for a model hold up no others of their process, and end with their run", async (context) => {
  const readers = {
    "a coroutine":
      "async def read(x):\n    said = []\n    for piece in x:\n        print(piece, flush=True)\n        said.append(piece)\n    return ''.join(said)",
    "an async generator":
      "async def read(x):\n    for piece in x:\n        print(piece, flush=True)\n        yield piece",
  };
  for (const [kind, source] of Object.entries(readers)) {
    let isSilent = true;
    const { target } = await open(
      context,
      { nodes: [python("read")], files: { "read.py": source } },
      { before: (index) => (index === 1 && isSilent ? new Promise(() => {}) : undefined) },
      { python: { maxWorkers: 1 } },
    );
    const stop = new AbortController();
    for await (const event of target.invoke({ inputs: {} }, stop.signal)) {
      if (event.type === "error") assert.equal(event.error.code, "Canceled", kind);
      if (event.type !== "node-log") continue;
      isSilent = false;
      const beside = await runFlow(target, {}, AbortSignal.timeout(20_000));
      assert.deepEqual(beside.outputs, { o: "one two three " }, kind);
      stop.abort();
    }
  }
});

test("a process that dies while its code reads stops the model", async (context) => {
  const source = "def read(x):\n    import os\n    next(x)\n    os._exit(7)";
  const { target, model } = await open(
    context,
    { nodes: [python("read")], files: { "read.py": source } },
    { before: (index) => (index === 1 ? new Promise(() => {}) : undefined) },
  );
  const { error, nodes } = await runFlow(target, {}, AbortSignal.timeout(20_000));
  assert.equal(error?.code, "PythonWorkerCrashed");
  assert.equal(nodes["read"], "failed");
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual([model.stopped, model.active], [1, 0]);
});
