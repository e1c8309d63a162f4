// Each word of Anthropic's Messages API, on a server that records what it is sent and answers what the test says.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import type { ChatChunk, ChatMessage, ChatRequest } from "../../src/model/chat-model.ts";
import { openModel } from "../../src/model/provider/index.ts";
import { collect, collectUntilFailure, never, textOf } from "../model-suite.ts";

type Body = Record<string, unknown>;

let sent: Body = {};
let answer: object | readonly object[] = [];
const server = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  request.on("end", () => {
    sent = JSON.parse(text) as Body;
    const isStream = Array.isArray(answer);
    response.writeHead(200, { "content-type": isStream ? "text/event-stream" : "application/json" });
    if (!isStream) return response.end(JSON.stringify(answer));
    const frames = (answer as { type: string }[]).map((one) => `event: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`);
    return response.end(frames.join(""));
  });
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const model = openModel({ provider: "anthropic", baseUrl, apiKey: "key", model: "claude" });
after(async () => {
  await model.close();
  server.close();
  server.closeAllConnections();
});

const WHOLE = {
  id: "msg_1",
  type: "message",
  model: "claude-real",
  content: [{ type: "text", text: "Hi" }],
  stop_reason: "end_turn",
  usage: { input_tokens: 3, output_tokens: 1 },
};

async function ask(more: Partial<ChatRequest> = {}): Promise<ChatChunk[]> {
  const stream = Array.isArray(answer);
  return collect(model.chat({ messages: [{ role: "user", content: "Hi" }], stream, parameters: {}, ...more }, never()));
}

async function bodyOf(parameters: Body, messages: ChatMessage[] = [{ role: "user", content: "Hi" }]): Promise<Body> {
  answer = WHOLE;
  await ask({ parameters, messages });
  return sent;
}

const tool = (name: string): object => ({ type: "function", function: { name } });
const INPUT = { type: "object", properties: {} };

test("limits, stops and the caller's name; what says nothing, or only how soon or dear an answer is, is left out", async () => {
  assert.equal((await bodyOf({ max_tokens: 9 }))["max_tokens"], 9);
  assert.equal((await bodyOf({ max_tokens: 9, max_completion_tokens: 7 }))["max_tokens"], 7);
  assert.ok(Number((await bodyOf({}))["max_tokens"]) > 0, "it is required there");
  assert.deepEqual((await bodyOf({ stop: ["a", "b"] }))["stop_sequences"], ["a", "b"]);
  assert.deepEqual((await bodyOf({ user: "somebody" }))["metadata"], { user_id: "somebody" });
  assert.deepEqual((await bodyOf({ safety_identifier: "hash" }))["metadata"], { user_id: "hash" });
  const unset = {
    seed: null,
    n: 1,
    logprobs: false,
    logit_bias: {},
    presence_penalty: 0,
    store: false,
    metadata: {},
    verbosity: "medium",
    reasoning_effort: "none",
    stream_options: { include_usage: true },
    top_k: null,
  };
  const hints = { prompt_cache_key: "k", prompt_cache_retention: "24h", prediction: { type: "content", content: "x" } };
  const body = await bodyOf({ ...unset, ...hints, temperature: 0.5, top_p: 0.9 });
  assert.deepEqual(Object.keys(body).toSorted(), ["max_tokens", "messages", "model", "stream", "temperature", "top_p"]);
});

test("what a caller would miss in the answer is refused by name, and nothing is asked", async () => {
  sent = {};
  const call = { id: "c", type: "custom", custom: { name: "f", input: "x" } };
  for (const [param, parameters, message] of [
    ["n", { n: 2 }, {}],
    ["functions", { functions: [{ name: "f" }] }, {}],
    ["modalities", { modalities: ["text", "audio"] }, {}],
    ["tools", { tools: [{ type: "custom", custom: { name: "f" } }] }, {}],
    ["tool_choice", { tools: [tool("f")], tool_choice: { type: "allowed_tools", allowed_tools: {} } }, {}],
    ["response_format", { tools: [tool("f")], response_format: { type: "json_object" } }, {}],
    ["response_format", { thinking: { type: "adaptive" }, response_format: { type: "json_object" } }, {}],
    ["messages", {}, { content: [{ type: "input_audio", input_audio: { data: "", format: "wav" } }] }],
    ["tool_calls", {}, { role: "assistant", content: null, tool_calls: [call] }],
  ] as const) {
    const messages = [{ role: "user", content: "Hi", ...message }] as ChatMessage[];
    const { error } = await collectUntilFailure(model.chat({ messages, stream: false, parameters }, never()));
    assert.deepEqual([error.code, error.details?.["param"]], ["ModelRejected", param]);
    assert.match(error.message, new RegExp(`^${param}: is not taken by Anthropic`));
  }
  assert.deepEqual(sent, {});
  const refusal = { type: "refusal", refusal: "No." };
  const { messages } = await bodyOf({}, [{ role: "assistant", content: [refusal] as never }]);
  assert.deepEqual(messages, [{ role: "assistant", content: [{ type: "text", text: "No." }] }]);
});

test("which tool is called, and whether several at a time", async () => {
  const tools = [tool("weather")];
  const list = [{ name: "weather", input_schema: INPUT }];
  const single = { disable_parallel_tool_use: true };
  for (const [asked, wanted] of [
    [{}, undefined],
    [{ tool_choice: "auto" }, undefined],
    [{ tool_choice: "none" }, { type: "none" }],
    [{ tool_choice: "required" }, { type: "any" }],
    [{ tool_choice: tool("weather") }, { type: "tool", name: "weather" }],
    [{ parallel_tool_calls: false }, { type: "auto", ...single }],
    [
      { tool_choice: "required", parallel_tool_calls: false },
      { type: "any", ...single },
    ],
    [
      { tool_choice: tool("weather"), parallel_tool_calls: false },
      { type: "tool", name: "weather", ...single },
    ],
  ] as const) {
    const body = await bodyOf({ tools, ...asked });
    assert.deepEqual([body["tools"], body["tool_choice"]], [list, wanted], JSON.stringify(asked));
  }
  assert.equal((await bodyOf({ tool_choice: "required" }))["tools"], undefined);
});

test("turns alternate: neighbours of one role become one, and what says nothing is left out", async () => {
  const call = (id: string, given: string) => ({
    id,
    type: "function" as const,
    function: { name: "f", arguments: given },
  });
  const body = await bodyOf({}, [
    { role: "system", content: "One." },
    { role: "developer", content: [{ type: "text", text: "Two." }] },
    { role: "user", content: "a" },
    {
      role: "user",
      content: [
        { type: "text", text: "" },
        { type: "text", text: "b" },
      ],
    },
    { role: "assistant", content: "", tool_calls: [call("1", ""), call("2", "no json")] },
    {
      role: "tool",
      tool_call_id: "1",
      content: [
        { type: "text", text: "x" },
        { type: "text", text: "y" },
      ],
    },
    { role: "function", name: "f", content: "z" },
    { role: "assistant", content: "" },
    {
      role: "user",
      content: [
        { type: "image_url", image_url: { url: "https://example.com/a.png" } },
        { type: "image_url", image_url: { url: "data:image/jpeg;base64,AAAA" } },
      ],
    },
  ]);
  assert.equal(body["system"], "One.\n\nTwo.");
  assert.deepEqual(body["messages"], [
    {
      role: "user",
      content: [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "tool_use", id: "1", name: "f", input: {} },
        { type: "tool_use", id: "2", name: "f", input: { arguments: "no json" } },
      ],
    },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "1", content: "xy" },
        { type: "text", text: "f: z" },
        { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
        { type: "image", source: { type: "base64", media_type: "image/jpeg", data: "AAAA" } },
      ],
    },
  ]);
});

test("a JSON object is asked for by a tool; a schema beside tools, or beside thinking, in the API's own way", async () => {
  const body = await bodyOf({ response_format: { type: "json_object" } });
  assert.deepEqual(body["tools"], [
    {
      name: "answer_in_json",
      description: "Gives the answer.",
      input_schema: { type: "object", additionalProperties: true },
    },
  ]);
  assert.deepEqual(body["tool_choice"], { type: "tool", name: "answer_in_json" });
  const schema = { type: "object", properties: { a: { type: "number" } } };
  const response_format = { type: "json_schema", json_schema: { name: "a", schema } };
  const both = { response_format, tools: [tool("weather")] };
  const own = await bodyOf(both);
  assert.deepEqual(own["tools"], [{ name: "weather", input_schema: INPUT }]);
  assert.equal(own["tool_choice"], undefined);
  assert.deepEqual(own["output_config"], { format: { type: "json_schema", schema } });
  const effort = { thinking: { type: "adaptive" }, output_config: { effort: "low" } };
  const thinking = await bodyOf({ response_format, ...effort });
  assert.equal(thinking["tools"], undefined);
  assert.deepEqual(thinking["output_config"], { effort: "low", format: { type: "json_schema", schema } });
  assert.equal((await bodyOf({ response_format, thinking: { type: "disabled" } }))["output_config"], undefined);
  // What the caller's tool is given is a call, and no text of the answer.
  answer = {
    ...WHOLE,
    content: [{ type: "tool_use", id: "1", name: "weather", input: { a: 1 } }],
    stop_reason: "tool_use",
  };
  const chunks = await ask({ parameters: both });
  assert.equal(textOf(chunks), "");
  assert.equal(finishOf(chunks), "tool_calls");
  assert.equal((await bodyOf({ response_format: { type: "text" } }))["tools"], undefined);
});

const finishOf = (chunks: readonly ChatChunk[]): unknown =>
  chunks.map(({ choices }) => choices[0]?.finish_reason).find(Boolean);

test("why an answer ended, in the port's words", async () => {
  for (const [reason, wanted] of [
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["pause_turn", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["refusal", "content_filter"],
    ["a reason of next year", "stop"],
  ]) {
    answer = { ...WHOLE, stop_reason: reason };
    assert.equal(finishOf(await ask()), wanted, reason);
  }
});

test("what was read from a cache or written to one is part of the prompt", async () => {
  const usage = { input_tokens: 3, cache_creation_input_tokens: 20, cache_read_input_tokens: 100, output_tokens: 5 };
  answer = { ...WHOLE, usage };
  const whole = {
    prompt_tokens: 123,
    completion_tokens: 5,
    total_tokens: 128,
    prompt_tokens_details: { cached_tokens: 100 },
  };
  assert.deepEqual((await ask()).at(-1)?.usage, whole);
  answer = [
    { type: "message_start", message: { ...WHOLE, content: [], usage: { ...usage, output_tokens: 1 } } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "ping" },
    { type: "an_event_of_next_year" },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: "end_turn" },
      usage: { output_tokens: 5, input_tokens: null, output_tokens_details: { thinking_tokens: 2 } },
    },
    { type: "message_stop" },
  ];
  const chunks = await ask();
  assert.equal(textOf(chunks), "Hi");
  assert.deepEqual(chunks.at(-1)?.usage, { ...whole, completion_tokens_details: { reasoning_tokens: 2 } });
  assert.ok(chunks.every(({ id, model: name }) => id === "msg_1" && name === "claude-real"));
});

for (const streamed of [true, false]) {
  test(`several calls keep their numbers beside text and thinking, ${streamed ? "streamed" : "whole"}`, async () => {
    const uses = ["a", "b"].map((name) => ({ type: "tool_use", id: `id-${name}`, name, input: { of: name } }));
    const content = [{ type: "thinking", thinking: "hm" }, { type: "text", text: "Look." }, ...uses];
    answer = { ...WHOLE, content, stop_reason: "tool_use" };
    if (streamed) {
      const blocks = uses.flatMap((use, at) => [
        { type: "content_block_start", index: at + 2, content_block: { ...use, input: {} } },
        { type: "content_block_delta", index: at + 2, delta: { type: "input_json_delta", partial_json: "" } },
        ...[`{"of":`, `"${use.name}"}`].map((partial_json) => ({
          type: "content_block_delta",
          index: at + 2,
          delta: { type: "input_json_delta", partial_json },
        })),
      ]);
      answer = [
        { type: "message_start", message: { ...WHOLE, content: [] } },
        { type: "content_block_start", index: 0, content_block: { type: "thinking" } },
        { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
        { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Look." } },
        ...blocks,
        { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 5 } },
      ];
    }
    const chunks = await ask();
    assert.equal(textOf(chunks), "Look.");
    assert.equal(chunks.map(({ choices }) => choices[0]?.delta?.reasoning_content ?? "").join(""), "hm");
    assert.equal(finishOf(chunks), "tool_calls");
    const calls = new Map<number, { id?: string; name?: string; given: string }>();
    for (const call of chunks.flatMap(({ choices }) => choices[0]?.delta?.tool_calls ?? [])) {
      const known = calls.get(call.index) ?? { given: "" };
      calls.set(call.index, {
        ...known,
        ...(call.id && { id: call.id, name: call.function?.name ?? "" }),
        given: known.given + (call.function?.arguments ?? ""),
      });
    }
    assert.deepEqual(
      [...calls],
      ["a", "b"].map((name, at) => [at, { id: `id-${name}`, name, given: `{"of":"${name}"}` }]),
    );
  });
}

test("a call without anything given has an empty object, which clients can parse; so has an answer in JSON", async () => {
  const call = (name: string): object[] => [
    { type: "message_start", message: { ...WHOLE, content: [] } },
    { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "1", name, input: {} } },
    { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: "" } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 5 } },
  ];
  answer = call("now");
  const calls = (await ask()).flatMap(({ choices }) => choices[0]?.delta?.tool_calls ?? []);
  assert.deepEqual(
    calls.map((one) => one.function?.arguments),
    ["", "{}"],
  );
  answer = call("answer_in_json");
  assert.equal(textOf(await ask({ parameters: { response_format: { type: "json_object" } } })), "{}");
});

test("what a tool has brought may be an image", async () => {
  const url = "data:image/png;base64,AAAA";
  const content = [
    { type: "text" as const, text: "The chart:" },
    { type: "image_url" as const, image_url: { url } },
  ];
  const { messages } = await bodyOf({}, [{ role: "tool", tool_call_id: "1", content }]);
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } };
  const result = { type: "tool_result", tool_use_id: "1", content: [{ type: "text", text: "The chart:" }, image] };
  assert.deepEqual(messages, [{ role: "user", content: [result] }]);
});

test("an error in the middle of a stream is what it would have been at its beginning", async () => {
  for (const [type, code] of [
    ["overloaded_error", "ModelFailed"],
    ["api_error", "ModelFailed"],
    ["rate_limit_error", "ModelRateLimited"],
    ["authentication_error", "ModelUnauthorized"],
    ["billing_error", "ModelQuotaExhausted"],
    ["invalid_request_error", "ModelRejected"],
    ["request_too_large", "ModelInputTooLong"],
    ["an_error_of_next_year", "ModelFailed"],
  ] as const) {
    answer = [{ type: "error", error: { type, message: "No." } }];
    const request = { messages: [{ role: "user" as const, content: "Hi" }], stream: true, parameters: {} };
    assert.equal((await collectUntilFailure(model.chat(request, never()))).error.code, code, type);
  }
});
