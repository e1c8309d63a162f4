// A limit or a budget that ends while an answer is being written: what this caller sees, what is written down, and the next call.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type OpenAI, RateLimitError } from "openai";
import type { configSchema } from "../../src/config/schema.ts";
import type { z } from "zod";
import type { TestContext } from "node:test";
import { fakeModel } from "../fake/openai/start.ts";
import { KEYS, serve } from "./served.ts";

const WORDS = 60;
const ASK = { model: "default", messages: [{ role: "user" as const, content: "Hi there" }] };

interface Seen {
  words: number;
  finish: string | null | undefined;
}

async function read(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<Seen> {
  const seen: Seen = { words: 0, finish: undefined };
  for await (const { choices } of stream) {
    if (choices[0]?.delta.content) seen.words++;
    seen.finish = choices[0]?.finish_reason ?? seen.finish;
  }
  return seen;
}

async function setUp(context: TestContext, gateway: NonNullable<z.input<typeof configSchema>["gateway"]>) {
  const fake = await fakeModel(context, { reply: "word ".repeat(WORDS), tokensPerSecond: 300 });
  const served = await serve(context, {
    models: [{ provider: "openai", base_url: `${fake.url}/v1`, model: "m" }],
    gateway,
  });
  const ask = (key = KEYS.a) => served.openai(key).chat.completions.create({ ...ASK, stream: true });
  const refusal = async (): Promise<RateLimitError> => {
    const thrown: unknown = await ask().catch((error: unknown) => error);
    assert.ok(thrown instanceof RateLimitError, String(thrown));
    return thrown;
  };
  return { fake, served, ask, refusal };
}

test("a budget that ends within a stream lets it end; the next call is refused, and nothing is asked of a model", async (context) => {
  const { fake, served, ask, refusal } = await setUp(context, {
    prices: { default: { input: 1000, output: 1000 } },
    limits: [{ principal: "team-a", budget_usd: 0.05, budget_period: "day" }],
  });
  // Each costs 0.062 USD: both begin while there is money.
  const both = await Promise.all([ask(), ask()]);
  assert.deepEqual(await Promise.all(both.map(read)), [
    { words: WORDS, finish: "stop" },
    { words: WORDS, finish: "stop" },
  ]);
  const refused = await refusal();
  assert.deepEqual([refused.code, refused.headers?.get("x-should-retry")], ["insufficient_quota", "false"]);
  assert.equal(refused.headers?.get("retry-after-ms"), null, "no wait is true");
  assert.match(refused.message, /budget of 0\.05 USD today for principal "team-a" is used up/);
  assert.equal(fake.journal.entries.length, 2);
  const [sum] = await served.ledger.sums(["principal"]);
  assert.deepEqual([sum?.requests, sum?.completion_tokens, sum?.cost_micros], [2, 2 * WORDS, 124_000]);
  assert.equal((await read(await ask(KEYS.b))).words, WORDS, "another caller goes on");
});

test("tokens per minute that end within a stream let it end; the debt is waited for, as the refusal says", async (context) => {
  // An answer is reckoned at 256 tokens until it is known; this one has more than the minute.
  const { fake, served, ask, refusal } = await setUp(context, {
    limits: [{ principal: "team-a", tokens_per_minute: 300 }],
  });
  fake.script({ reply: "word ".repeat(350), tokensPerSecond: 0 });
  assert.deepEqual(await read(await ask()), { words: 350, finish: "stop" });
  const refused = await refusal();
  assert.equal(refused.code, "rate_limit_exceeded");
  // 352 of 300 are used; for the next 257 it takes more than a minute.
  const wait = Number(refused.headers?.get("retry-after-ms"));
  assert.ok(wait > 55_000 && wait <= 62_000, `${wait}`);
  const [sum] = await served.ledger.sums(["principal"]);
  assert.deepEqual([sum?.requests, sum?.completion_tokens, sum?.estimated], [1, 350, 0]);
});
