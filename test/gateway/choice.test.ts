// More than one text, more than one choice, and probabilities: what comes back of each is where the clients look for it.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type OpenAI from "openai";
import type { FakeModelServer } from "../../src/model/fake/server.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { serve, type Served } from "./served.ts";

const HI = [{ role: "user" as const, content: "Hi there" }];
const GUARD = { guards: [{ moderator: "rules" as const, annotate: false }] };

async function open(context: TestContext, gateway: object = {}): Promise<{ fake: FakeModelServer; served: Served }> {
  const fake = await fakeModel(context);
  const served = await serve(context, {
    models: [{ provider: "openai", base_url: `${fake.url}/v1`, model: "m" }],
    gateway,
  });
  return { fake, served };
}

/** What the fake has counted, in all. */
const counted = (fake: FakeModelServer): number =>
  fake.journal.entries.reduce((total, { usage }) => total + usage.total_tokens, 0);

const PROMPTS = ["One", "Two of them", "Three"];

test("each text of a list is gone on with; choices are numbered by text, usage is the sum", async (context) => {
  const { fake, served } = await open(context);
  const client = served.openai();
  const whole = await client.completions.create({ model: "default", prompt: PROMPTS, n: 2 });
  assert.deepEqual(
    whole.choices.map(({ index, text, finish_reason }) => [index, text, finish_reason]),
    PROMPTS.flatMap((prompt, at) => [0, 1].map((choice) => [at * 2 + choice, `MOCK:${prompt}`, "stop"])),
  );
  assert.equal(whole.usage?.total_tokens, counted(fake));

  fake.journal.clear();
  const texts: Record<number, string> = {};
  let usage: OpenAI.CompletionUsage | null | undefined;
  const ids = new Set<string>();
  const asked = { model: "default", prompt: PROMPTS, stream: true as const, stream_options: { include_usage: true } };
  for await (const chunk of await client.completions.create(asked)) {
    ids.add(chunk.id);
    if (chunk.usage) usage = chunk.usage;
    for (const { index, text } of chunk.choices) texts[index] = (texts[index] ?? "") + text;
  }
  assert.deepEqual(texts, { 0: "MOCK:One", 1: "MOCK:Two of them", 2: "MOCK:Three" });
  assert.equal(ids.size, 1, "it is one answer");
  assert.equal(usage?.total_tokens, counted(fake));
  const [sum] = await served.ledger.sums(["principal"]);
  assert.equal(sum?.requests, 6);
});

test("one text that fails ends the others; what is no text is refused by name", async (context) => {
  const { fake, served } = await open(context);
  const client = served.openai();
  fake.script({
    tokensPerSecond: 5,
    replies: [{ contains: "slow", reply: "word ".repeat(500) }],
    faults: [{ contains: "Two", fault: { kind: "status", status: 400 } }],
  });
  await assert.rejects(client.completions.create({ model: "default", prompt: ["slow", "Two"] }), {
    status: 400,
  });
  await fake.journal.until(({ outcome }) => outcome === "aborted", 30_000);
  for (const prompt of [[1, 2], [[1], [2]], ["a", 1], []]) {
    const call = client.completions.create({ model: "default", prompt: prompt as string[] });
    await assert.rejects(call, { status: 400, param: "prompt" });
  }
  assert.equal(fake.journal.entries.length, 2);
});

for (const [way, gateway] of Object.entries({ "passed on": {}, "read by a guard": GUARD })) {
  test(`two choices with their probabilities, ${way}`, async (context) => {
    const { fake, served } = await open(context, gateway);
    const client = served.openai();
    const asked = { model: "default", messages: HI, n: 2, logprobs: true };
    const whole = await client.chat.completions.create(asked);
    const tokens = ["MOCK:Hi ", "there"];
    assert.deepEqual(
      whole.choices.map(({ index, message, logprobs }) => [
        index,
        message.content,
        logprobs?.content?.map(({ token }) => token),
      ]),
      [0, 1].map((index) => [index, "MOCK:Hi there", tokens]),
    );
    // The second one, since the first finds out what the server knows.
    for (let round = 0; round < 2; round++) {
      const texts = ["", ""];
      const seen: string[][] = [[], []];
      for await (const { choices } of await client.chat.completions.create({ ...asked, stream: true })) {
        for (const { index, delta, logprobs } of choices) {
          texts[index] += delta.content ?? "";
          seen[index]?.push(...(logprobs?.content ?? []).map(({ token }) => token));
        }
      }
      assert.deepEqual(
        [texts, seen],
        [
          ["MOCK:Hi there", "MOCK:Hi there"],
          [tokens, tokens],
        ],
      );
    }
    const older = await client.completions.create({ model: "default", prompt: "Once", logprobs: 1 });
    assert.deepEqual(older.choices[0]?.logprobs?.tokens, ["MOCK:Once"]);
    const [sum] = await served.ledger.sums(["principal"]);
    assert.equal((sum?.prompt_tokens ?? 0) + (sum?.completion_tokens ?? 0), counted(fake));
  });
}
