// What every `Target` must do, wherever the flow runs. Each implementation and wrapper runs this suite.

import assert from "node:assert/strict";
import path from "node:path";
import { after, describe, test } from "node:test";
import { FlowsteadError } from "../src/base/error/error.ts";
import { stringifyJson } from "../src/base/json.ts";
import { Float, type ValueMap } from "../src/base/value.ts";
import type { FlowEvent } from "../src/flow/event.ts";
import type { FlowResources } from "../src/flow/resource.ts";
import type { FlowCall, Target } from "../src/flow/target.ts";
import type { ChatModel } from "../src/model/chat-model.ts";
import { type ScriptedModel, scriptedModel } from "./fake/scripted-model.ts";

const FIXTURES = path.resolve("test/fixture/flow");

export interface TargetFixture {
  /** Folder of the flow to serve. */
  directory: string;
  /** What the flow reaches; the model behind `fixture_model` is the test's own. */
  resources: FlowResources;
}

/** Registers the suite; `make` brings a flow up behind the target under test. */
export function targetSuite(name: string, make: (fixture: TargetFixture) => Promise<Target>): void {
  const openAlone = (flow: string, model: ChatModel): Promise<Target> =>
    make({ directory: path.join(FIXTURES, flow), resources: fixtureResources(model) });
  // One for each flow: some take seconds to come up, and one that has been aborted, failed and left has to go on as before.
  interface Kept {
    target: Promise<Target>;
    model: ChatModel;
  }
  const kept = new Map<string, Kept>();
  const open = async (flow: string, model: ChatModel = scriptedModel()): Promise<Target> => {
    let one = kept.get(flow);
    if (!one) {
      const front: ChatModel = { ...model, chat: (...call) => (kept.get(flow) as Kept).model.chat(...call) };
      kept.set(flow, (one = { target: openAlone(flow, front), model }));
    }
    one.model = model;
    const target = await one.target;
    return {
      describe: (signal) => target.describe(signal),
      invoke: (call, signal) => target.invoke(call, signal),
      close: async () => {},
    };
  };

  describe(`Target: ${name}`, () => {
    after(() => Promise.all([...kept.values()].map(async ({ target }) => (await target).close())));

    test("describes the flow", async () => {
      const target = await open("stream");
      try {
        const signature = await target.describe();
        assert.equal(signature.name, "stream");
        assert.deepEqual(
          signature.inputs.map((input) => [input.name, input.type, input.isChatInput, input.isChatHistory]),
          [
            ["chat_history", "list", false, true],
            ["question", "string", true, false],
          ],
        );
        assert.deepEqual(signature.inputs[0]?.default, []);
        const [answer] = signature.outputs;
        assert.equal(answer?.name, "answer");
        assert.ok(answer.isChatOutput && answer.streamed && !answer.evaluationOnly);
      } finally {
        await target.close();
      }
    });

    test("tells a run from flow-start to flow-end", async () => {
      const target = await open("echo");
      try {
        const events = await collect(target, { inputs: { text: "hello", value: { a: [1, null] } }, runId: "run-1" });
        assert.deepEqual(
          events.map(({ type }) => type),
          ["flow-start", "output", "node-start", "node-end", "output", "flow-end"],
        );
        const [start] = events;
        assert.ok(start?.type === "flow-start");
        assert.equal(start.runId, "run-1");
        assert.equal(start.flow, "echo");
        assert.deepEqual(start.outputs, { plain: ["said", "value"], streamed: [] });
        const end = events.find((event) => event.type === "node-end");
        assert.equal(end?.node, "echo");
        assert.equal(end?.status, "completed");
        assert.deepEqual(end?.inputs, { text: "hello", value: { a: [1, null] } });
        assert.equal(end?.output, "hello|{'a': [1, None]}");
        assert.deepEqual(outputsOf(events), { said: "hello|{'a': [1, None]}", value: { a: [1, null] } });
      } finally {
        await target.close();
      }
    });

    test("streams text as it comes, and the whole text at the end", async () => {
      const model = scriptedModel();
      const target = await open("stream", model);
      try {
        const history = [{ inputs: { question: "first" }, outputs: { answer: "one" } }];
        const events = await collect(target, { inputs: { question: "to be or not", chat_history: history } });
        assertWellFormed(events);
        const deltas = events.flatMap((event) => (event.type === "text-delta" ? [event.text] : []));
        assert.ok(deltas.length > 1, `expected several pieces, got ${deltas.length}`);
        assert.equal(deltas.join(""), "to be or not");
        assert.deepEqual(outputsOf(events), { answer: "to be or not" });
        const end = events.at(-1);
        assert.ok(end?.type === "flow-end");
        assert.deepEqual(end.usage, { promptTokens: 7, completionTokens: 5, totalTokens: 12 });
        const [request] = model.requests;
        assert.deepEqual(
          request?.messages.map(({ role, content }) => [role, content]),
          [
            ["system", "You answer."],
            ["user", "first"],
            ["assistant", "one"],
            ["user", "to be or not"],
          ],
        );
        assert.equal(request?.stream, true);
        assert.equal(request?.parameters["temperature"], 0.5);
        assert.equal(request?.parameters["max_tokens"], 64);
      } finally {
        await target.close();
      }
    });

    test("tells a plain output before the text that comes later", async () => {
      const target = await open("cited");
      try {
        const events = await collect(target, { inputs: { question: "rain" } });
        const output = events.findIndex((event) => event.type === "output" && event.name === "sources");
        const text = events.findIndex((event) => event.type === "text-delta");
        assert.ok(output > 0 && text > output, `output at ${output}, text at ${text}`);
        assert.deepEqual(outputsOf(events), {
          answer: "rain: sources about rain",
          sources: "sources about rain",
        });
      } finally {
        await target.close();
      }
    });

    test("a missing input is an error event and no exception", async () => {
      const target = await open("failing");
      try {
        const events = await collect(target, { inputs: {} });
        assert.deepEqual(
          events.map(({ type }) => type),
          ["flow-start", "error"],
        );
        const error = errorOf(events);
        assert.equal(error.code, "InputNotFound");
        assert.match(error.message, /The value for flow input 'text' is not provided in input data/);
        assert.equal(error.status, 400);
      } finally {
        await target.close();
      }
    });

    test("a failing node ends the run with its error", async () => {
      const target = await open("failing");
      try {
        const events = await collect(target, { inputs: { text: "x" } });
        assertWellFormed(events);
        const ends = events.flatMap((event) => (event.type === "node-end" ? [[event.node, event.status]] : []));
        assert.deepEqual(ends, [
          ["first", "completed"],
          ["second", "failed"],
        ]);
        assert.equal(errorOf(events).code, "JinjaTemplateError");
        assert.match(errorOf(events).message, /UndefinedError/);
      } finally {
        await target.close();
      }
    });

    test("an aborted signal ends the run as canceled and stops the model", async () => {
      const model = hangingModel();
      const target = await open("stream", model);
      try {
        const stop = new AbortController();
        const events: FlowEvent[] = [];
        for await (const event of target.invoke({ inputs: { question: "a b c" } }, stop.signal)) {
          events.push(event);
          if (event.type === "text-delta") stop.abort();
        }
        assertWellFormed(events);
        assert.equal(errorOf(events).code, "Canceled");
        await until(() => model.stopped === 1 && model.active === 0);
      } finally {
        await target.close();
      }
    });

    test("a signal that is aborted already runs nothing", async () => {
      const model = scriptedModel();
      const target = await open("stream", model);
      try {
        const events = await collect(target, { inputs: { question: "a" } }, AbortSignal.abort());
        assert.equal(errorOf(events).code, "Canceled");
        assert.equal(model.requests.length, 0);
      } finally {
        await target.close();
      }
    });

    test("leaving the loop stops the model", async () => {
      const model = hangingModel();
      const target = await open("stream", model);
      try {
        const signal = new AbortController().signal;
        for await (const event of target.invoke({ inputs: { question: "a b c" } }, signal)) {
          if (event.type === "text-delta") break;
        }
        await until(() => model.stopped === 1 && model.active === 0);
      } finally {
        await target.close();
      }
    });

    test("concurrent calls do not mix", async () => {
      const target = await open("cited");
      try {
        const questions = Array.from({ length: 24 }, (_, index) => `question number ${index} of many`);
        const runs = await Promise.all(
          questions.map((question, index) => collect(target, { inputs: { question }, runId: `run-${index}` })),
        );
        runs.forEach((events, index) => {
          assertWellFormed(events);
          const [start] = events;
          assert.ok(start?.type === "flow-start" && start.runId === `run-${index}`);
          assert.equal(
            outputsOf(events)["answer"],
            `question number ${index} of many: sources about ${questions[index]}`,
          );
        });
      } finally {
        await target.close();
      }
    });

    test("carries large values", async () => {
      const target = await open("echo");
      try {
        const text = "0123456789abcdef\n\u00e9\u{1f600}".repeat(120_000);
        const events = await collect(target, { inputs: { text } });
        assert.equal(outputsOf(events)["said"], `${text}|`);
      } finally {
        await target.close();
      }
    });

    test("keeps ints, floats and big numbers what they are", async () => {
      const target = await open("echo");
      try {
        const value = { int: 1, float: new Float(1), half: 2.5, big: 9007199254740993n, odd: [Number.NaN, -Infinity] };
        const events = await collect(target, { inputs: { text: "n", value } });
        const outputs = outputsOf(events);
        assert.equal(
          outputs["said"],
          "n|{'int': 1, 'float': 1.0, 'half': 2.5, 'big': 9007199254740993, 'odd': [nan, -inf]}",
        );
        assert.deepEqual(outputs["value"], value);
      } finally {
        await target.close();
      }
    });

    test("close waits for the calls under way", async () => {
      let release: (() => void) | undefined;
      const gate = new Promise<void>((resolve) => (release = resolve));
      const model = scriptedModel({ before: (index) => (index === 1 ? gate : undefined) });
      const target = await openAlone("stream", model);
      const run = collect(target, { inputs: { question: "one two" } });
      await until(() => model.active === 1);
      const closing = target.close();
      release?.();
      const events = await run;
      assert.deepEqual(outputsOf(events), { answer: "one two" });
      await closing;
    });
  });
}

/** A model that gives one piece and then nothing more, until it is stopped. */
function hangingModel(): ScriptedModel {
  return scriptedModel({ before: (index) => (index === 0 ? undefined : new Promise(() => undefined)) });
}

export function fixtureResources(model: ChatModel): FlowResources {
  return {
    chatModel: () => Promise.resolve(model),
    embedder: () => Promise.resolve(undefined),
    searchIndex: (name) => Promise.reject(new FlowsteadError("NotFound", `no index ${name}`)),
    connection: (name) => Promise.resolve({ name, type: "OpenAIConnection", configs: {}, secrets: {} }),
  };
}

async function collect(
  target: Target,
  call: FlowCall,
  signal: AbortSignal = new AbortController().signal,
): Promise<FlowEvent[]> {
  const events: FlowEvent[] = [];
  for await (const event of target.invoke(call, signal)) events.push(event);
  return events;
}

function assertWellFormed(events: FlowEvent[]): void {
  assert.equal(events[0]?.type, "flow-start");
  const terminal = events.filter(({ type }) => type === "flow-end" || type === "error");
  assert.equal(terminal.length, 1, "exactly one terminal event");
  assert.equal(terminal[0], events.at(-1), "the terminal event is the last");
  const started = new Set<string>();
  for (const event of events) {
    if (event.type === "node-start") started.add(event.node);
    else if (event.type === "node-end" && event.status !== "bypassed") {
      assert.ok(started.delete(event.node), `${event.node} ended without having started`);
    }
  }
  assert.deepEqual([...started], [], "every started node has ended");
}

function outputsOf(events: FlowEvent[]): ValueMap {
  const end = events.at(-1);
  assert.ok(end?.type === "flow-end", `the run ended with ${stringifyJson(end)}`);
  return end.outputs;
}

function errorOf(events: FlowEvent[]): Extract<FlowEvent, { type: "error" }>["error"] {
  const end = events.at(-1);
  assert.ok(end?.type === "error", `the run ended with ${stringifyJson(end)}`);
  return end.error;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, "waited 10 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
