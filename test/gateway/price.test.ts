// What calls cost, and what several budgets make of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openBudgets } from "../../src/gateway/budget.ts";
import type { Ledger, UsageRow } from "../../src/gateway/ledger.ts";
import { costMicros } from "../../src/gateway/price.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { KEYS, serve } from "./served.ts";

test("each model has its own price, by the name that callers know; one without a price costs nothing", async (context) => {
  const fake = await fakeModel(context, { reply: "a b c" });
  const entry = { provider: "openai", base_url: `${fake.url}/v1`, model: "m" };
  const served = await serve(context, {
    models: [entry, { ...entry, name: "large" }, { ...entry, name: "free" }],
    gateway: { prices: { default: { input: 1, output: 2 }, large: { input: 10, output: 20 }, embed: { input: 5 } } },
    embedder: `${fake.url}/v1`,
  });
  const client = served.openai(KEYS.a);
  for (const model of ["default", "large", "free"]) {
    await client.chat.completions.create({ model, messages: [{ role: "user", content: "Hi there" }] });
  }
  await client.embeddings.create({ model: "embed", input: ["x y z"] });
  const sums = await served.ledger.sums(["model"]);
  assert.deepEqual(Object.fromEntries(sums.map(({ model, cost_micros }) => [model, cost_micros])), {
    default: 2 * 1 + 3 * 2,
    large: 2 * 10 + 3 * 20,
    free: 0,
    embed: 3 * 5,
  });
  assert.equal(costMicros({ input: 3 }, 7, 5), 21, "an answer without a price of its own costs nothing");
  assert.equal(costMicros({ input: 0.15, output: 0.6 }, 7, 5), 4, "a part of a millionth is rounded");
});

test("two budgets over one scope and period are each held by what was spent once", async () => {
  const scope = { principal: "ann", budgetPeriod: "day" as const };
  const rules = [
    { ...scope, budgetUsd: 1 },
    { ...scope, budgetUsd: 2 },
    { principal: "ann", budgetUsd: 9 },
  ];
  const budgets = await openBudgets(rules, { sums: async () => [] } as unknown as Ledger);
  const usage = { principal: "ann", flow: "", model: "m" };
  const spend = (usd: number): void =>
    budgets.add({
      ...usage,
      at: Date.now(),
      prompt_tokens: 1,
      completion_tokens: 1,
      estimated: 0,
      cost_micros: usd * 1e6,
    } satisfies UsageRow);
  spend(0.6);
  budgets.check(usage);
  spend(0.4);
  assert.throws(() => budgets.check(usage), { code: "BudgetExceeded", message: /budget of 1 USD today/ });
});
