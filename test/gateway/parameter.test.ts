// Every parameter of the official clients, on the wire: what a provider of OpenAI's API is sent, and what is refused. The
// compiler holds the lists whole: a parameter that a newer client has is missing here until it is said what becomes of it.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { APIError, type OpenAI } from "openai";
import { fakeModel } from "../fake/openai/start.ts";
import { serve } from "./served.ts";

type Chat = OpenAI.ChatCompletionCreateParamsStreaming;
type Text = OpenAI.CompletionCreateParamsStreaming;
type Responses = OpenAI.Responses.ResponseCreateParamsStreaming;
type Embedding = OpenAI.EmbeddingCreateParams;
type Every<Params> = { [Name in keyof Required<Params>]: Required<Params>[Name] };

const HI = { role: "user", content: "Hi" };
const PARAMETERS = { type: "object", properties: {} };

const CHAT: Every<Chat> = {
  model: "default",
  messages: [{ role: "user", content: "Hi", name: "Ada" }],
  stream: true,
  stream_options: { include_obfuscation: true },
  audio: { format: "wav", voice: "alloy" },
  frequency_penalty: 0.5,
  function_call: "auto",
  functions: [{ name: "f", parameters: PARAMETERS }],
  logit_bias: { "50256": -100 },
  logprobs: true,
  max_completion_tokens: 50,
  max_tokens: 40,
  metadata: { team: "a" },
  modalities: ["text"],
  moderation: { model: "omni-moderation-latest" },
  n: 1,
  parallel_tool_calls: false,
  prediction: { type: "content", content: "Hi" },
  presence_penalty: -0.5,
  prompt_cache_key: "key",
  prompt_cache_options: { mode: "explicit", ttl: "30m" },
  prompt_cache_retention: "24h",
  reasoning_effort: "low",
  response_format: { type: "json_object" },
  safety_identifier: "hash",
  seed: 7,
  service_tier: "flex",
  stop: ["END"],
  store: true,
  temperature: 0.3,
  tool_choice: "required",
  tools: [{ type: "function", function: { name: "g", parameters: PARAMETERS, strict: true } }],
  top_logprobs: 2,
  top_p: 0.9,
  user: "somebody",
  verbosity: "low",
  web_search_options: { search_context_size: "low" },
};

const TEXT: Every<Text> = {
  model: "default",
  prompt: "Once",
  stream: true,
  stream_options: { include_obfuscation: false },
  best_of: 1,
  echo: false,
  frequency_penalty: 0.5,
  logit_bias: { "50256": -100 },
  logprobs: 2,
  max_tokens: 40,
  n: 1,
  presence_penalty: -0.5,
  seed: 7,
  stop: "END",
  suffix: "ever after.",
  temperature: 0.3,
  top_p: 0.9,
  user: "somebody",
};

async function setUp(context: TestContext) {
  const fake = await fakeModel(context, { reply: "one two" });
  const models = [{ provider: "openai", base_url: `${fake.url}/v1`, model: "m" }];
  const client = (await serve(context, { models, embedder: `${fake.url}/v1` })).openai();
  return { fake, client, sent: () => fake.journal.entries.at(-1)?.body };
}

test("chat completions: each parameter of the client goes to the provider as it is, streamed twice and whole", async (context) => {
  const { client, sent } = await setUp(context);
  const stream_options = { include_usage: true, include_obfuscation: true };
  // The second stream is passed on byte by byte.
  for (const way of ["read", "passed on"]) {
    const padding = new Set<unknown>();
    for await (const chunk of await client.chat.completions.create(CHAT)) {
      assert.ok(chunk.choices.length > 0, "nobody asked for usage");
      padding.add((chunk as { obfuscation?: string }).obfuscation);
    }
    assert.deepEqual(sent(), { ...CHAT, model: "m", stream_options }, way);
    assert.ok(padding.has("a9Zk"), way);
  }
  const { stream_options: _, ...whole } = CHAT;
  await client.chat.completions.create({ ...whole, stream: false });
  assert.deepEqual(sent(), { ...whole, model: "m", stream: false });
});

test("the older completions: each parameter goes to the provider as it is", async (context) => {
  const { client, sent } = await setUp(context);
  for await (const _ of await client.completions.create(TEXT));
  assert.deepEqual(sent(), {
    ...TEXT,
    model: "m",
    stream_options: { include_usage: true, include_obfuscation: false },
  });
});

test("embeddings: whom the caller names goes along; another server's parameters are refused by name", async (context) => {
  const { client, sent } = await setUp(context);
  const all: Every<Embedding> = {
    model: "embed",
    input: ["a"],
    dimensions: 8,
    encoding_format: "base64",
    user: "somebody",
  };
  await client.embeddings.create(all);
  assert.deepEqual(sent(), { model: "embed", input: ["a"], dimensions: 8, encoding_format: "float", user: "somebody" });
  const { user: _, ...plain } = all;
  await client.embeddings.create(plain);
  assert.ok(!("user" in (sent() as object)));
  await refused(client.embeddings.create({ ...all, input_type: "query" } as Embedding), "input_type");
});

test("what is said of a stream is for streams only", async (context) => {
  const { client, fake } = await setUp(context);
  const options = { model: "default", stream_options: { include_usage: true } };
  await refused(client.chat.completions.create({ ...options, messages: CHAT.messages }), "stream_options");
  await refused(client.completions.create({ ...options, prompt: "a" }), "stream_options");
  const asked = { model: "default", input: "a", stream_options: { include_obfuscation: false } };
  await refused(client.responses.create(asked), "stream_options");
  const text = "true" as unknown as Chat["stream_options"];
  await refused(client.chat.completions.create({ ...CHAT, stream_options: text }), "stream_options");
  assert.equal(fake.journal.entries.length, 0);
});

test("a server that does not know one of the caller's words on a stream goes on to tell usage to others", async (context) => {
  const { client, fake, sent } = await setUp(context);
  const message = "Unrecognized request argument: stream_options.include_obfuscation";
  const fault = { kind: "status" as const, status: 400, body: { error: { message } } };
  fake.script({ faults: [{ times: 0, contains: "include_obfuscation", fault }] });
  await refused(client.chat.completions.create(CHAT), null);
  for await (const _ of await client.chat.completions.create({ ...CHAT, stream_options: null }));
  assert.deepEqual((sent() as Chat).stream_options, { include_usage: true });
});

/** What becomes of each parameter: what chat completions are asked in its place, or `refused`. */
const RESPONSES: { [Name in keyof Required<Responses>]: [value: unknown, sent: object | "refused"] } = {
  model: ["default", { model: "m" }],
  input: ["Hi", { messages: [{ role: "user", content: "Hi" }] }],
  stream: [true, { stream: true }],
  stream_options: [
    { include_obfuscation: true },
    { stream_options: { include_usage: true, include_obfuscation: true } },
  ],
  background: [true, "refused"],
  context_management: [[], "refused"],
  conversation: ["conv_1", "refused"],
  include: [["message.output_text.logprobs"], { logprobs: true }],
  instructions: ["Be brief.", { messages: [{ role: "system", content: "Be brief." }, HI] }],
  max_output_tokens: [50, { max_completion_tokens: 50 }],
  metadata: [{ team: "a" }, {}],
  moderation: [{ model: "omni-moderation-latest" }, "refused"],
  parallel_tool_calls: [false, {}],
  previous_response_id: ["resp_1", "refused"],
  prompt: [{ id: "p" }, "refused"],
  prompt_cache_key: ["key", { prompt_cache_key: "key" }],
  prompt_cache_options: [{ mode: "explicit" }, { prompt_cache_options: { mode: "explicit" } }],
  prompt_cache_retention: ["24h", { prompt_cache_retention: "24h" }],
  reasoning: [{ effort: "low", summary: null }, { reasoning_effort: "low" }],
  safety_identifier: ["hash", { safety_identifier: "hash" }],
  service_tier: ["flex", { service_tier: "flex" }],
  store: [false, {}],
  temperature: [0.3, { temperature: 0.3 }],
  text: [{ verbosity: "low", format: null }, { verbosity: "low" }],
  tool_choice: [
    { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "f" }] },
    {
      tool_choice: {
        type: "allowed_tools",
        allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "f" } }] },
      },
    },
  ],
  tools: [
    [{ type: "function", name: "f", parameters: PARAMETERS, strict: true }],
    { tools: [{ type: "function", function: { name: "f", parameters: PARAMETERS, strict: true } }] },
  ],
  top_logprobs: [2, { logprobs: true, top_logprobs: 2 }],
  top_p: [0.9, { top_p: 0.9 }],
  truncation: ["auto", "refused"],
  user: ["somebody", { user: "somebody" }],
};

test("responses: each parameter is carried to chat completions, or refused by name", async (context) => {
  const { client, sent, fake } = await setUp(context);
  const base = { model: "default", input: "Hi", stream: true as const };
  const usual = {
    model: "m",
    messages: [HI],
    stream: true,
    stream_options: { include_usage: true },
  };
  for (const [name, [value, becomes]] of Object.entries(RESPONSES)) {
    const asked = client.responses.create({ ...base, [name]: value } as Responses);
    if (becomes === "refused") await refused(asked, name);
    else {
      for await (const _ of await asked);
      assert.deepEqual(sent(), { ...usual, ...becomes }, name);
    }
  }
  assert.equal(
    fake.journal.entries.length,
    Object.values(RESPONSES).filter(([, becomes]) => becomes !== "refused").length,
  );
});

test("responses: log probabilities and padding come back, streamed and whole; what is not taken is named", async (context) => {
  const { client } = await setUp(context);
  const asked = { model: "default", input: "Hi", include: ["message.output_text.logprobs" as const] };
  const whole = await client.responses.create(asked);
  const [message] = whole.output;
  assert.ok(message?.type === "message");
  const [part] = message.content;
  assert.ok(part?.type === "output_text");
  assert.deepEqual(
    part.logprobs?.map(({ token, logprob }) => [token, logprob]),
    [
      ["one ", -0.25],
      ["two", -0.25],
    ],
  );
  const tokens: string[] = [];
  const padding: unknown[] = [];
  const stream_options = { include_obfuscation: true };
  for await (const event of await client.responses.create({ ...asked, stream: true, stream_options })) {
    if (event.type !== "response.output_text.delta") continue;
    tokens.push(...event.logprobs.map(({ token }) => token));
    padding.push((event as { obfuscation?: string }).obfuscation);
  }
  assert.deepEqual(tokens, ["one ", "two"]);
  assert.deepEqual(padding, ["a9Zk", "a9Zk"]);
  for (const [more, param, words] of [
    [{ input: [{ type: "reasoning", id: "r", summary: [] }] }, "input.0.type", /items of type "reasoning"/],
    [{ input: [{ role: "user", content: [{ type: "input_file" }] }] }, "input.0.content.0.type", /"input_file"/],
    [{ include: ["reasoning.encrypted_content"] }, "include.0", /"reasoning.encrypted_content" cannot be had/],
    [{ reasoning: { summary: "auto" } }, "reasoning.summary", /cannot be carried/],
    [{ tool_choice: { type: "mcp", server_label: "s" } }, "tool_choice.type", /no choice of type "mcp"/],
    [{ input: 7 }, "input", /a text or a list of items/],
  ] as const)
    assert.match(await refused(client.responses.create({ ...asked, ...more } as never), param), words);
});

async function refused(asked: PromiseLike<unknown>, param: string | null): Promise<string> {
  const thrown: unknown = await Promise.resolve(asked).then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof APIError, `${param}: ${String(thrown)}`);
  assert.deepEqual([thrown.status, thrown.param], [400, param]);
  return thrown.message;
}
