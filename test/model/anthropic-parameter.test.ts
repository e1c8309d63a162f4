// Each setting of chat completions at a server that speaks Anthropic's Messages API: said in its words, left out where that
// changes nothing in the answer, or refused by name.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ChatMessage, ChatRequest } from "../../src/model/chat-model.ts";
import { openModel } from "../../src/model/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { collect, collectUntilFailure, never } from "../model-suite.ts";

type Body = Record<string, unknown>;

const HELLO: ChatMessage[] = [{ role: "user", content: "Hi" }];
const KEPT = { cache_control: { type: "ephemeral" } };
const LONG = { cache_control: { type: "ephemeral", ttl: "1h" } };

async function setUp(context: TestContext) {
  const fake = await fakeModel(context);
  const model = openModel({ provider: "anthropic", baseUrl: fake.url, apiKey: "key", model: "claude" });
  context.after(() => model.close());
  const request = (parameters: Body, messages = HELLO): ChatRequest => ({ messages, stream: false, parameters });
  return {
    asked: () => fake.journal.entries.length,
    async sent(parameters: Body, messages?: ChatMessage[]): Promise<Body> {
      await collect(model.chat(request(parameters, messages), never()));
      return fake.journal.entries.at(-1)?.body as Body;
    },
    async refusal(parameters: Body, messages?: ChatMessage[]) {
      return (await collectUntilFailure(model.chat(request(parameters, messages), never()))).error;
    },
  };
}

test("what cannot be honoured is refused by name, and nothing is asked", async (context) => {
  const { refusal, asked } = await setUp(context);
  for (const [param, parameters] of [
    ["seed", { seed: 7 }],
    ["logprobs", { logprobs: true }],
    ["top_logprobs", { top_logprobs: 3 }],
    ["logit_bias", { logit_bias: { "50256": -100 } }],
    ["presence_penalty", { presence_penalty: 0.5 }],
    ["frequency_penalty", { frequency_penalty: -1 }],
    ["function_call", { function_call: { name: "f" } }],
    ["audio", { audio: { voice: "alloy", format: "wav" } }],
    ["store", { store: true }],
    ["metadata", { metadata: { team: "a" } }],
    ["service_tier", { service_tier: "priority" }],
    ["reasoning_effort", { reasoning_effort: "minimal" }],
    ["verbosity", { verbosity: "low" }],
    ["web_search_options", { web_search_options: {} }],
    ["moderation", { moderation: { model: "omni-moderation-latest" } }],
    ["stream_options", { stream_options: { include_obfuscation: true } }],
  ] as const) {
    const error = await refusal(parameters);
    assert.deepEqual([error.code, error.status, error.details?.["param"]], ["ModelRejected", 400, param]);
    assert.match(error.message, new RegExp(`^${param}: is not taken by Anthropic: \\S+`));
  }
  for (const message of [
    { role: "user", content: "Hi", name: "Ada" },
    { role: "system", content: "Hi", name: "rules" },
    { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
    { role: "assistant", content: null, audio: { id: "audio_1" } },
  ] as ChatMessage[]) {
    const error = await refusal({}, [message]);
    assert.deepEqual([error.code, error.details?.["param"]], ["ModelRejected", "messages"], JSON.stringify(message));
  }
  assert.equal(asked(), 0);
});

test("effort, class of service, strict tools, and who is meant", async (context) => {
  const { sent } = await setUp(context);
  assert.deepEqual((await sent({ reasoning_effort: "high" }))["output_config"], { effort: "high" });
  const own = await sent({ reasoning_effort: "high", output_config: { effort: "low" } });
  assert.deepEqual(own["output_config"], { effort: "low" }, "the API's own word wins");
  const schema = { type: "object", properties: { a: { type: "string" } } };
  const strict = { type: "function", function: { name: "f", parameters: schema, strict: true } };
  const response_format = { type: "json_schema", json_schema: { name: "a", schema } };
  const both = await sent({ reasoning_effort: "low", response_format, tools: [strict] });
  assert.deepEqual(both["output_config"], { effort: "low", format: { type: "json_schema", schema } });
  assert.deepEqual(both["tools"], [{ name: "f", input_schema: schema, strict: true }]);
  assert.equal((await sent({ service_tier: "auto" }))["service_tier"], "auto");
  assert.equal((await sent({ service_tier: "default" }))["service_tier"], "standard_only");
  assert.deepEqual((await sent({ metadata: { user_id: "u" } }))["metadata"], { user_id: "u" });
  assert.deepEqual((await sent({ cache_control: KEPT.cache_control }))["cache_control"], KEPT.cache_control);
});

test("marks up to which a prompt is to be kept: on parts, whole messages, the system, tools and their results", async (context) => {
  const { sent } = await setUp(context);
  const parameters = { type: "object", properties: {} };
  const call = { id: "c1", type: "function" as const, function: { name: "f", arguments: "{}" } };
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "developer", content: [{ type: "text", text: "The book.", ...LONG }] },
    { role: "user", content: "Hi", ...KEPT },
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "c1", content: [{ type: "text", text: "rain", ...KEPT }] },
    {
      role: "user",
      content: [
        { type: "image_url", image_url: { url: "https://example.com/a.png" }, ...KEPT },
        { type: "text", text: "What?", prompt_cache_breakpoint: { mode: "explicit" } },
      ],
    },
  ] as ChatMessage[];
  const tools = [
    { type: "function", function: { name: "f", parameters }, ...LONG },
    { type: "function", function: { name: "g", parameters, ...KEPT } },
  ];
  const body = await sent({ tools }, messages);
  assert.deepEqual(body["system"], [
    { type: "text", text: "Be brief." },
    { type: "text", text: "The book.", ...LONG },
  ]);
  assert.deepEqual(body["messages"], [
    { role: "user", content: [{ type: "text", text: "Hi", ...KEPT }] },
    { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "f", input: {} }] },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: "rain", ...KEPT }] },
        { type: "image", source: { type: "url", url: "https://example.com/a.png" }, ...KEPT },
        { type: "text", text: "What?", ...KEPT },
      ],
    },
  ]);
  assert.deepEqual(body["tools"], [
    { name: "f", input_schema: parameters, ...LONG },
    { name: "g", input_schema: parameters, ...KEPT },
  ]);
  const plain = await sent({}, [{ role: "system", content: "Be brief." }, ...HELLO]);
  assert.equal(plain["system"], "Be brief.");
});

test("what a model refused to say is a text of its own when it is sent back", async (context) => {
  const { sent } = await setUp(context);
  const { messages } = await sent({}, [...HELLO, { role: "assistant", content: null, refusal: "No." } as ChatMessage]);
  assert.deepEqual(messages, [
    { role: "user", content: [{ type: "text", text: "Hi" }] },
    { role: "assistant", content: [{ type: "text", text: "No." }] },
  ]);
});
