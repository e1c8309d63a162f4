// Every event of a run in the words of AG-UI and of Microsoft's chat protocol.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import type { Value } from "../../src/base/value.ts";
import { agUiEncoder } from "../../src/endpoint/face/ag-ui.ts";
import { chatLineEncoder, chatObjectEncoder } from "../../src/endpoint/face/chat-protocol.ts";
import { conversationInputs, type FaceEncoder } from "../../src/endpoint/face/face.ts";
import { chatFlow } from "../../src/flow/chat-flow.ts";
import type { FlowEvent } from "../../src/flow/event.ts";
import { CHAT_SIGNATURE, end, start, text } from "../fake/target.ts";

const FLOW = chatFlow(CHAT_SIGNATURE);
const began = (node: string): FlowEvent => ({ type: "node-start", node, kind: "python", tool: "x", time: 0 });
const ended = (node: string): FlowEvent => ({ type: "node-end", node, status: "completed", time: 0, durationMs: 1 });
const output = (name: string, value: Value): FlowEvent => ({ type: "output", name, value });
const other = (words: string): FlowEvent => ({ ...text(words), output: "summary" }) as FlowEvent;
const failed: FlowEvent = {
  type: "error",
  time: 0,
  error: new FlowsteadError("Unexpected", "node answer: it broke").toBody(),
};
const DOCUMENTS: Value = [
  { text: "26 days", metadata: { title: "Handbook", source: { filename: "handbook.md" } } },
  { text: "a note", metadata: { title: "Notes" } },
  { text: "bare" },
  null,
];
const POINTS = { text: ["handbook.md: 26 days", "Notes: a note", "bare", ""] };

type Frame = Record<string, unknown>;
const agUi = (events: readonly FlowEvent[]): Frame[] => {
  const encoder = agUiEncoder({ threadId: "t1", runId: "r1" }, FLOW);
  return events
    .map((event) => encoder.encode(event))
    .join("")
    .split("\n\n")
    .filter(Boolean)
    .map((frame) => JSON.parse(frame.replace(/^data: /, "")) as Frame);
};
/** Without the message's id, which must be one for all of it. */
const named = (frames: readonly Frame[]): Frame[] => {
  const ids = new Set(frames.map(({ messageId }) => messageId).filter(Boolean));
  assert.ok(ids.size < 2, "one answer is one message");
  return frames.map(({ messageId: _id, ...frame }) => frame);
};

const STARTED = { type: "RUN_STARTED", threadId: "t1", runId: "r1" };
const FINISHED = { type: "RUN_FINISHED", threadId: "t1", runId: "r1" };
const step = (type: "STARTED" | "FINISHED", stepName: string): Frame => ({ type: `STEP_${type}`, stepName });
const SAYS = { type: "TEXT_MESSAGE_START", role: "assistant" };
const says = (delta: string): Frame => ({ type: "TEXT_MESSAGE_CONTENT", delta });
const SAID = { type: "TEXT_MESSAGE_END" };

test("AG-UI: steps, one message of the answer alone, other outputs as custom events", () => {
  const events = [
    start(),
    began("search"),
    output("documents", DOCUMENTS),
    text(""),
    ended("search"),
    ended("never started"),
    began("answer"),
    text("Hel"),
    text(""),
    other("not the answer"),
    text("lo"),
    output("answer", "Hello"),
    ended("answer"),
    end({ answer: "Hello" }),
  ];
  assert.deepEqual(named(agUi(events)), [
    STARTED,
    step("STARTED", "search"),
    { type: "CUSTOM", name: "documents", value: DOCUMENTS },
    step("FINISHED", "search"),
    step("STARTED", "answer"),
    SAYS,
    says("Hel"),
    says("lo"),
    step("FINISHED", "answer"),
    SAID,
    FINISHED,
  ]);
});

test("AG-UI: an answer that was not streamed comes at the end, also one that is no text; open steps and messages are closed", () => {
  assert.deepEqual(named(agUi([start(), began("a"), end({ answer: "Hello" })])), [
    STARTED,
    step("STARTED", "a"),
    SAYS,
    says("Hello"),
    step("FINISHED", "a"),
    SAID,
    FINISHED,
  ]);
  assert.deepEqual(named(agUi([start(), text("Hel"), end({ answer: "Hello" })])).slice(3), [
    says("lo"),
    SAID,
    FINISHED,
  ]);
  assert.deepEqual(
    named(agUi([start(), { ...end({}), outputs: { answer: { days: 26 } } } as FlowEvent]))[2],
    says('{"days":26}'),
  );
  assert.deepEqual(named(agUi([start(), end({ answer: "" })])), [STARTED, FINISHED]);
});

test("AG-UI: a run that began anew closes what was open and starts once; a failure closes all and says what it was", () => {
  const again: FlowEvent = { type: "restart", reason: "lost" };
  assert.deepEqual(named(agUi([start(), began("a"), again, start(), began("a"), ended("a"), end({ answer: "x" })])), [
    STARTED,
    step("STARTED", "a"),
    step("FINISHED", "a"),
    step("STARTED", "a"),
    step("FINISHED", "a"),
    SAYS,
    says("x"),
    SAID,
    FINISHED,
  ]);
  assert.deepEqual(named(agUi([start(), began("a"), text("Hel"), failed])).slice(2), [
    SAYS,
    says("Hel"),
    step("FINISHED", "a"),
    SAID,
    { type: "RUN_ERROR", message: "node answer: it broke", code: "Unexpected" },
  ]);
});

const encodeAll = (encoder: FaceEncoder, events: readonly FlowEvent[]): Frame[] =>
  events
    .map((event) => encoder.encode(event))
    .join("\n")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Frame);
const STATE = { session_state: { id: 7 }, sessionState: { id: 7 } };

test("Microsoft chat protocol, lines: documents before the text, the answer alone, the state with each", () => {
  const encoder = chatLineEncoder(FLOW, { id: 7 });
  assert.match(encoder.contentType, /^application\/jsonl/);
  const role = "assistant";
  const events = [start(), began("a"), output("documents", DOCUMENTS), output("other", "x"), text("Hel"), other("no")];
  assert.deepEqual(encodeAll(encoder, [...events, end({ answer: "Hello" })]), [
    { delta: { role }, context: { data_points: POINTS }, ...STATE },
    { delta: { role, content: "Hel" }, ...STATE },
    { delta: { role, content: "lo" }, ...STATE },
  ]);
  assert.deepEqual(encodeAll(chatLineEncoder(FLOW, undefined), [text("Hi"), end({ answer: "Hi" })]), [
    { delta: { role, content: "Hi" } },
  ]);
  assert.deepEqual(encodeAll(chatLineEncoder(FLOW, undefined), [text("Hi"), failed]).at(-1), {
    error: { code: "Unexpected", message: "node answer: it broke" },
  });
});

test("Microsoft chat protocol, one object: the whole answer, its documents, the state; or the failure", () => {
  const encoder = chatObjectEncoder(FLOW, { id: 7 });
  assert.equal(encoder.contentType, "application/json");
  const whole = { ...end({}), outputs: { answer: "Hello", documents: DOCUMENTS } } as FlowEvent;
  assert.deepEqual(encodeAll(encoder, [start(), text("Hel"), other("no"), whole]), [
    { message: { role: "assistant", content: "Hello" }, context: { data_points: POINTS }, ...STATE },
  ]);
  const plain = { ...end({}), outputs: { answer: ["a", 1], documents: "none" } } as FlowEvent;
  assert.deepEqual(encodeAll(chatObjectEncoder(FLOW, undefined), [plain]), [
    { message: { role: "assistant", content: '["a",1]' }, context: { data_points: { text: [] } } },
  ]);
  assert.deepEqual(encodeAll(encoder, [failed]), [{ error: { code: "Unexpected", message: "node answer: it broke" } }]);
});

test("what tools said between the turns is not for the flow, and nobody's question is no question", () => {
  const turns = [
    { role: "user", content: "What is it?" },
    { role: "assistant", content: "I look." },
    { role: "tool", content: "26" },
    { role: "user", content: "And now?" },
  ];
  assert.deepEqual(conversationInputs(CHAT_SIGNATURE, turns).inputs, {
    question: "And now?",
    chat_history: [{ inputs: { question: "What is it?" }, outputs: { answer: "I look." } }],
  });
  for (const role of ["tool", "activity"]) {
    assert.throws(() => conversationInputs(CHAT_SIGNATURE, [{ role, content: "26" }]), {
      code: "InvalidRequest",
      message: "There is no message with the role user.",
    });
  }
});
