import assert from "node:assert/strict";
import { test } from "node:test";
import type { FlowEvent } from "../../src/flow/event.ts";
import { chatObjectEncoder } from "../../src/endpoint/face/chat-protocol.ts";
import { answerOf, chatFlow } from "../../src/flow/chat-flow.ts";
import { on } from "../chat/scripted-target.ts";
import { CHAT_SIGNATURE } from "../fake/target.ts";

const flow = chatFlow(CHAT_SIGNATURE);

test("the answer is the output that the flow names, and all of them where a run gave other ones", () => {
  assert.equal(answerOf(flow, { answer: "Rome", context: "x" }), "Rome");
  assert.equal(answerOf(flow, { answer: null, context: "x" }), null);
  assert.equal(answerOf(flow, { city: "Rome", since: -753 }), '{"city":"Rome","since":-753}');
  assert.equal(answerOf(flow, {}), null);
});

test("who chats with a prompty whose model answers with JSON reads that JSON", () => {
  const end: FlowEvent = on.end({ city: "Rome", since: -753 });
  const said = JSON.parse(chatObjectEncoder(flow, undefined).encode(end)) as { message: { content: string } };
  assert.deepEqual(JSON.parse(said.message.content), { city: "Rome", since: -753 });
});
