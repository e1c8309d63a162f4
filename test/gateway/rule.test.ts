// Which calls a limit means, how its bucket fills, and what is written down where nobody tells the usage.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Meter, Used } from "../../src/gateway/meter.ts";
import { meteredEmbedder, meteredModel } from "../../src/gateway/metered.ts";
import { memoryLimiter } from "../../src/gateway/provider/memory.ts";
import { scopeOf, scopeText } from "../../src/gateway/rule.ts";
import type { ChatModel, RelayPart } from "../../src/model/chat-model.ts";
import type { EmbedCall, Embedder } from "../../src/model/embedder.ts";
import { never } from "../model-suite.ts";

test("`*` counts each value of its field by itself, and means no call that has none", () => {
  const ann = { principal: "ann", flow: "support", model: "gpt" };
  const bob = { ...ann, principal: "bob" };
  const outside = { principal: "ann", model: "gpt" };
  for (const field of ["principal", "flow", "model"] as const) {
    const each = { [field]: "*" };
    assert.equal(scopeOf(each, ann), `${field}=${ann[field]}`);
    assert.equal(scopeOf({ [field]: ann[field] }, ann), `${field}=${ann[field]}`);
    assert.equal(scopeOf({ [field]: "another" }, ann), undefined);
    assert.notEqual(scopeOf(each, ann), scopeOf(each, { ...ann, [field]: "another" }));
  }
  assert.equal(scopeOf({ principal: "*" }, bob), "principal=bob");
  assert.equal(scopeOf({ flow: "*" }, outside), undefined, "a call from no flow is none of each flow's");
  const all = { principal: "*", flow: "*", model: "*" };
  assert.equal(scopeOf(all, ann), "principal=ann&flow=support&model=gpt");
  assert.equal(scopeOf(all, outside), undefined);
  assert.equal(scopeOf({}, outside), "all");
  const odd = scopeOf({ principal: "*", model: "gpt" }, { principal: "a&model=b", model: "gpt" }) ?? "";
  assert.equal(scopeText(odd), 'principal "a&model=b", model "gpt"');
});

test("a bucket fills evenly; of several, none is drawn from when one has not enough", () => {
  let now = 0;
  const limiter = memoryLimiter(() => now);
  const draw = (amount: number, key = "k") => limiter.take([{ key, perMinute: 60, amount }]);
  assert.deepEqual(draw(60), { ok: true });
  now = 10_000;
  assert.deepEqual(draw(11), { ok: false, charge: { key: "k", perMinute: 60, amount: 11 }, retryAfterMs: 1000 });
  assert.deepEqual(draw(10), { ok: true });
  now = 600_000;
  const both = [
    { key: "k", perMinute: 60, amount: 60 },
    { key: "narrow", perMinute: 1, amount: 1 },
  ];
  assert.deepEqual(limiter.take(both), { ok: true });
  now += 60_000 - 1_000;
  assert.equal((limiter.take(both) as { ok: boolean }).ok, false);
  now += 1_000;
  assert.deepEqual(limiter.take(both), { ok: true }, "the first try has cost nothing");
  now += 3_600_000;
  assert.deepEqual(
    [draw(60), (draw(1) as { ok: boolean }).ok],
    [{ ok: true }, false],
    "an hour fills no more than a minute",
  );
});

function meter(): { meter: Meter; used: (Used | "released")[] } {
  const used: (Used | "released")[] = [];
  const admission = { settle: (one: Used) => void used.push(one), release: () => void used.push("released") };
  return { meter: { maxTokens: () => undefined, admit: () => admission }, used };
}

test("without a word of the provider, a stream counts its pieces, read or passed on, and a whole answer its letters", async () => {
  const content = "twelve chars";
  const chunk = { id: "1", created: 1, model: "m", choices: [{ index: 0, delta: { content } }] };
  const part: RelayPart = { bytes: Buffer.from("x"), isContent: true, isUsageOnly: false, pieces: 3, chars: 36 };
  const model: ChatModel = {
    id: "silent",
    async *chat() {
      yield chunk;
      yield chunk;
    },
    async *relay() {
      yield part;
      yield part;
    },
    probe: async () => {},
    close: async () => {},
  };
  const { meter: counting, used } = meter();
  const metered = meteredModel(model, "m", counting);
  const ask = { messages: [{ role: "user" as const, content: "12345678" }], parameters: {} };
  for (const stream of [true, false]) {
    for await (const _ of metered.chat({ ...ask, stream }, never()));
    for await (const _ of metered.relay?.({ ...ask, stream }, never()) ?? []);
  }
  assert.deepEqual(
    used,
    [2, 6, 6, 18].map((completionTokens) => ({ promptTokens: 2, completionTokens, isEstimated: true })),
  );
  const image = { type: "image_url" as const, image_url: { url: "data:image/png;base64,AAAA" } };
  const mixed = [{ type: "text" as const, text: "1234" }, image];
  const [user, none] = [
    { role: "user" as const, content: mixed },
    { role: "assistant" as const, content: null },
  ];
  for await (const _ of metered.chat({ messages: [user, none], stream: true, parameters: {} }, never()));
  for await (const _ of metered.chat({ messages: [], prompt: "1234567890", stream: true, parameters: {} }, never()));
  const prompts = used.slice(4).map(({ promptTokens }) => promptTokens);
  assert.deepEqual(prompts, [801, 3], "an image counts as 800 tokens, a text to be gone on with by its letters");
});

test("embeddings count every batch, also those before one that failed; what nobody tells is estimated and marked", async () => {
  const embedder = (tokens: readonly number[], fails: boolean): Embedder =>
    ({
      embed: async (_texts: unknown, _kind: unknown, _signal: unknown, { onUsage }: EmbedCall) => {
        for (const one of tokens) onUsage?.(one);
        if (fails) throw new Error("the region is gone");
        return [];
      },
    }) as unknown as Embedder;
  const count = async (tokens: readonly number[], fails = false): Promise<unknown> => {
    const { meter: counting, used } = meter();
    const metered = meteredEmbedder(embedder(tokens, fails), "embed", counting);
    await metered.embed(["12345678", "1234"], "query", never()).catch(() => {});
    assert.equal(used.length, 1);
    return used[0];
  };
  const row = (promptTokens: number, isEstimated: boolean): Used => ({
    promptTokens,
    completionTokens: 0,
    isEstimated,
  });
  assert.deepEqual(await count([5, 7]), row(12, false));
  assert.deepEqual(await count([]), row(3, true));
  assert.deepEqual(await count([5], true), row(5, true));
  assert.deepEqual(await count([], true), "released");
});
