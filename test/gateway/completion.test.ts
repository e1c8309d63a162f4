// Chunks put together, chunk by chunk: whole answers of chats and of the Responses API, and sums over several texts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Completion } from "../../src/gateway/completion.ts";
import { completeEach } from "../../src/gateway/prompt-list.ts";
import { ResponseAnswer } from "../../src/gateway/response-answer.ts";
import type { ChatChunk, ChatDelta, ChatModel } from "../../src/model/chat-model.ts";

const USAGE = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
const chunk = (delta: ChatDelta, more: object = {}, finish: string | null = null): ChatChunk => ({
  id: "id-1",
  created: 7,
  model: "m",
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
});

function whole(chunks: readonly ChatChunk[]): Record<string, unknown> & { choices: { message: object }[] } {
  const completion = new Completion();
  for (const one of chunks) completion.add(one);
  return completion.body() as never;
}

test("a whole chat: texts, refusals and older calls are joined, an empty text beside calls is none, names are the first told", () => {
  const call = (text: string): ChatDelta => ({
    tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: text } }],
  });
  const empty = { id: "", created: 0, model: "", choices: [], prompt_filter_results: [1] };
  const called = whole([
    empty,
    chunk({ role: "assistant", content: "" }),
    chunk(call("{")),
    chunk(call("}"), { id: "id-2" }, "tool_calls"),
  ]);
  assert.deepEqual(
    [called["id"], called["created"], called["model"], called["prompt_filter_results"]],
    ["id-1", 7, "m", [1]],
  );
  const tool_calls = [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }];
  assert.deepEqual(called.choices[0]?.message, { role: "assistant", content: null, tool_calls });
  const refused = whole([
    chunk({ content: "", refusal: "I can" }),
    chunk({ refusal: "not." }, { usage: USAGE }, "stop"),
  ]);
  assert.deepEqual(refused.choices[0]?.message, { role: "assistant", content: "", refusal: "I cannot." });
  assert.deepEqual(refused["usage"], USAGE);
  const older = (name: string, text: string): ChatDelta => ({ function_call: { name, arguments: text } });
  const { message } = whole([chunk(older("f", "{")), chunk(older("", "}"))]).choices[0] as { message: object };
  assert.deepEqual(message, { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } });
});

test("a whole chat keeps what is no text: custom tools, a provider's own marks, thoughts, sound, and nothing as nothing", () => {
  const call = (fields: object): ChatDelta => ({ tool_calls: [{ index: 0, ...fields }] }) as ChatDelta;
  const mark = { google: { thought_signature: "s" } };
  const { message, content_filter_results } = whole([
    chunk({ role: "assistant", content: null, reasoning: "Let me ", function_call: null } as unknown as ChatDelta),
    chunk({ reasoning: "see.", reasoning_content: "hm" }),
    chunk(call({ id: "c", type: "custom", custom: { name: "sql", input: "select" }, extra_content: mark })),
    chunk(call({ custom: { input: " 1" } })),
    chunk({ audio: { id: "a", data: "AA", transcript: "one " } }),
    { ...chunk({}), choices: [{ index: 0, content_filter_results: { hate: { filtered: false } } }] },
    chunk({ audio: { data: "BB", transcript: "two" } }),
  ]).choices[0] as { message: object; content_filter_results: unknown };
  assert.deepEqual(content_filter_results, { hate: { filtered: false } });
  assert.deepEqual(message, {
    role: "assistant",
    content: null,
    function_call: null,
    reasoning: "Let me see.",
    reasoning_content: "hm",
    tool_calls: [{ id: "c", type: "custom", custom: { name: "sql", input: "select 1" }, extra_content: mark }],
    audio: { id: "a", data: "AABB", transcript: "one two" },
  });
});

test("a whole response: why it is not complete, refusals, and what was cached or thought", () => {
  const respond = (chunks: readonly ChatChunk[]): Record<string, unknown> => {
    const answer = new ResponseAnswer({ input: "Hi" }, "m");
    for (const one of chunks) answer.add(one);
    answer.end();
    return answer.body();
  };
  for (const [finish, status, details] of [
    ["stop", "completed", null],
    ["length", "incomplete", { reason: "max_output_tokens" }],
    ["content_filter", "incomplete", { reason: "content_filter" }],
  ] as const) {
    const body = respond([chunk({ content: "x" }, {}, finish)]);
    assert.deepEqual([body["status"], body["incomplete_details"]], [status, details]);
  }
  const details = { prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 2 } };
  const body = respond([
    chunk({ refusal: "I can" }),
    chunk({ refusal: "not." }, {}, "stop"),
    chunk({}, { choices: [], usage: { ...USAGE, ...details } }),
  ]);
  const [message] = body["output"] as { content: object[] }[];
  assert.deepEqual(message?.content, [{ type: "refusal", refusal: "I cannot." }]);
  assert.deepEqual(body["usage"], {
    input_tokens: 5,
    input_tokens_details: { cached_tokens: 4 },
    output_tokens: 3,
    output_tokens_details: { reasoning_tokens: 2 },
    total_tokens: 8,
  });
});

test("the usage of several texts is told only when each told its own", async () => {
  const model = (silent: string): ChatModel => ({
    id: "told",
    async *chat({ prompt }) {
      yield chunk({ content: "x" }, {}, "stop");
      if (prompt !== silent) yield chunk({}, { choices: [], usage: USAGE });
    },
    probe: async () => {},
    close: async () => {},
  });
  for (const [silent, usage] of [
    ["none", { prompt_tokens: 10, completion_tokens: 6, total_tokens: 16 }],
    ["b", undefined],
  ] as const) {
    let told: unknown;
    const request = { messages: [], stream: true, parameters: {} };
    const { signal } = new AbortController();
    for await (const one of completeEach(model(silent), ["a", "b"], { request, signal })) told = one.usage;
    assert.deepEqual(told, usage);
  }
});
