// Limits, budgets and the ledger, by what clients see and what the fake has counted.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { APIError } from "openai";
import { SILENT } from "../../src/base/log.ts";
import { openBudgets } from "../../src/gateway/budget.ts";
import { openLedger } from "../../src/gateway/ledger.ts";
import type { FakeModelServer } from "../../src/model/fake/server.ts";
import type { RecordStore } from "../../src/store/record-store.ts";
import { openRecordStore } from "../../src/store/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { KEYS, serve, type Served } from "./served.ts";

const HI = [{ role: "user" as const, content: "Hi there" }];
const entry = ({ url }: FakeModelServer, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  provider: "openai",
  base_url: `${url}/v1`,
  model: "m",
  ...more,
});
const ask = (served: Served, key: string, more: object = {}): Promise<unknown> =>
  served.openai(key).chat.completions.create({ model: "default", messages: HI, ...more });
const status = (call: Promise<unknown>): Promise<number> =>
  call.then(
    () => 200,
    (thrown: unknown) => (thrown instanceof APIError ? (thrown.status as number) : -1),
  );

test("the ledger equals what the server counted, whole and streamed, by caller", async (context) => {
  const fake = await fakeModel(context, { reply: "a b c d e" });
  const served = await serve(context, { models: [entry(fake)], embedder: `${fake.url}/v1` });
  await ask(served, KEYS.a);
  for await (const _ of await served
    .openai(KEYS.b)
    .chat.completions.create({ model: "default", messages: HI, stream: true }));
  await served.openai(KEYS.b).embeddings.create({ model: "embed", input: ["x y z"] });
  const sums = await served.ledger.sums(["principal", "model"]);
  const counted = fake.journal.entries.map(({ usage }) => usage);
  const total = (rows: { prompt_tokens: number; completion_tokens: number }[]): number[] => [
    rows.reduce((sum, row) => sum + row.prompt_tokens, 0),
    rows.reduce((sum, row) => sum + row.completion_tokens, 0),
  ];
  assert.deepEqual(total(sums), total(counted));
  assert.deepEqual(
    sums.map(({ principal, model, requests, estimated }) => [principal, model, requests, estimated]),
    [
      ["team-a", "default", 1, 0],
      ["team-b", "default", 1, 0],
      ["team-b", "embed", 1, 0],
    ],
  );
});

test("an answer that the client leaves is counted from what was seen, and marked", async (context) => {
  const fake = await fakeModel(context, { reply: "word ".repeat(20_000), tokensPerSecond: 400 });
  const served = await serve(context, { models: [entry(fake)] });
  const stream = await served.openai().chat.completions.create({ model: "default", messages: HI, stream: true });
  let seen = 0;
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content && ++seen === 20) break;
  const { tokens } = await fake.journal.until(({ outcome }) => outcome === "aborted", 30_000);
  let [sum] = await served.ledger.sums(["principal"]);
  for (let round = 0; !sum && round < 3000; round++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    [sum] = await served.ledger.sums(["principal"]);
  }
  assert.equal(sum?.estimated, 1);
  const counted = sum?.completion_tokens ?? 0;
  assert.ok(counted >= 20 && counted <= tokens, `${counted} of ${tokens}`);
});

test("one caller at its limit gets 429 with a true wait; another one is served", async (context) => {
  const fake = await fakeModel(context);
  const served = await serve(context, {
    models: [entry(fake)],
    gateway: { limits: [{ principal: "*", requests_per_minute: 3 }] },
  });
  const statuses = [];
  for (let call = 0; call < 5; call++) statuses.push(await status(ask(served, KEYS.a)));
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  assert.equal(await status(ask(served, KEYS.b)), 200);
  assert.equal(fake.journal.entries.length, 4);
  const refused = await ask(served, KEYS.a).catch((thrown: APIError) => thrown);
  assert.ok(refused instanceof APIError);
  const wait = Number(refused.headers?.get("retry-after-ms"));
  assert.ok(wait > 0 && wait <= 20_000, String(wait));
  assert.match(refused.message, /3 requests per minute for principal "team-a"/);
});

test("of two limits for the same callers the narrower holds, and each call counts once", async (context) => {
  const fake = await fakeModel(context);
  const served = await serve(context, {
    models: [entry(fake)],
    gateway: {
      limits: [
        { principal: "*", requests_per_minute: 100, tokens_per_minute: 100_000 },
        { principal: "team-a", requests_per_minute: 4, tokens_per_minute: 10_000 },
      ],
    },
  });
  const statuses = [];
  for (let call = 0; call < 5; call++) statuses.push(await status(ask(served, KEYS.a)));
  assert.deepEqual(statuses, [200, 200, 200, 200, 429]);
  assert.equal(await status(ask(served, KEYS.b)), 200);
});

test("tokens per minute count what was used, not what was feared", async (context) => {
  const fake = await fakeModel(context, { reply: "one two three" });
  const served = await serve(context, {
    models: [entry(fake)],
    gateway: { limits: [{ model: "default", tokens_per_minute: 1000 }] },
  });
  for (let call = 0; call < 20; call++) assert.equal(await status(ask(served, KEYS.a, { max_tokens: 800 })), 200);
  fake.script({ reply: "word ".repeat(990) });
  assert.equal(await status(ask(served, KEYS.a, { max_tokens: 700 })), 200);
  assert.equal(await status(ask(served, KEYS.b, { max_tokens: 700 })), 429);
});

test("max_tokens is lowered to the limit, and set where nobody asked", async (context) => {
  const fake = await fakeModel(context);
  const served = await serve(context, {
    models: [entry(fake)],
    gateway: { limits: [{ max_tokens: 100 }, { principal: "team-b", max_tokens: 10 }] },
  });
  await ask(served, KEYS.a);
  await ask(served, KEYS.a, { max_tokens: 500 });
  await ask(served, KEYS.a, { max_completion_tokens: 500 });
  await ask(served, KEYS.a, { max_tokens: 50 });
  await ask(served, KEYS.b, { max_tokens: 50 });
  const bodies = fake.journal.entries.map(({ body }) => body as Record<string, unknown>);
  assert.deepEqual(
    bodies.map((body) => body.max_tokens ?? body.max_completion_tokens),
    [100, 100, 100, 50, 10],
  );
  assert.equal(bodies[2]?.max_tokens, undefined);
});

test("a budget ends the calls of its scope, and clients are told not to retry", async (context) => {
  const fake = await fakeModel(context, { reply: "a b c d e f g h" });
  const served = await serve(context, {
    models: [entry(fake)],
    gateway: {
      prices: { default: { input: 1000, output: 2000 } },
      limits: [{ principal: "team-a", budget_usd: 0.03, budget_period: "day" }],
    },
  });
  // 2 tokens of prompt and 8 of answer cost 0.018 USD.
  assert.equal(await status(ask(served, KEYS.a)), 200);
  assert.equal(await status(ask(served, KEYS.a)), 200);
  const refused = await ask(served, KEYS.a).catch((thrown: APIError) => thrown);
  assert.ok(refused instanceof APIError);
  assert.equal(refused.status, 429);
  assert.equal(refused.code, "insufficient_quota");
  assert.equal(refused.headers?.get("x-should-retry"), "false");
  assert.equal(await status(ask(served, KEYS.b)), 200);
  const [sum] = await served.ledger.sums(["principal"]);
  assert.deepEqual([sum?.principal, sum?.cost_micros], ["team-a", 36_000]);
});

test("a limit on a flow counts its calls alone; a call that fails takes no tokens", async (context) => {
  const fake = await fakeModel(context, { reply: "one" });
  const served = await serve(context, {
    models: [entry(fake)],
    gateway: {
      limits: [
        { flow: "support", requests_per_minute: 2 },
        { principal: "team-b", tokens_per_minute: 1000 },
      ],
    },
  });
  const keyOf = (flow: string): string => served.gateway.credentials.lend({ principal: "ann", flow }).token;
  const [support, other] = [keyOf("support"), keyOf("other")];
  const statuses = [];
  for (const key of [support, other, support, support, other, KEYS.a]) statuses.push(await status(ask(served, key)));
  assert.deepEqual(statuses, [200, 200, 200, 429, 200, 200]);
  fake.script({ faults: [{ times: 3, fault: { kind: "status", status: 400 } }] });
  for (let call = 0; call < 3; call++) assert.equal(await status(ask(served, KEYS.b, { max_tokens: 900 })), 400);
  assert.equal(await status(ask(served, KEYS.b, { max_tokens: 900 })), 200);
});

async function openStore(context: TestContext): Promise<RecordStore> {
  const folder = await mkdtemp(path.join(tmpdir(), "ledger-"));
  const store = await openRecordStore({ file: path.join(folder, "records.db") });
  context.after(async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  return store;
}

const ROW = { flow: "", model: "m", prompt_tokens: 1, completion_tokens: 1, estimated: 0, cost_micros: 1_000_000 };

test("rows that the store does not take are kept and written later, none twice", async (context) => {
  const store = await openStore(context);
  let isFull = true;
  let writes = 0;
  const ledger = await openLedger(
    {
      ...store,
      write: async (work) => {
        if (isFull) throw new Error("the disk is full");
        const result = await store.write(work);
        writes++;
        return result;
      },
    },
    SILENT,
  );
  for (const principal of ["ann", "bob"]) ledger.add({ ...ROW, at: Date.now(), principal });
  await ledger.flush();
  assert.deepEqual(await ledger.sums(["principal"]), []);
  writes = 0;
  isFull = false;
  for (const deadline = Date.now() + 20_000; writes === 0 && Date.now() < deadline;) await delay(10);
  assert.equal(writes, 1, "they are tried again without being asked for");
  ledger.add({ ...ROW, at: Date.now(), principal: "ann" });
  ledger.add({ ...ROW, at: 0, principal: "ann" });
  await ledger.close();
  const again = await openLedger(store, SILENT);
  const counts = async (since?: string): Promise<unknown> =>
    (await again.sums(["principal"], since)).map(({ principal, requests }) => [principal, requests]);
  const [ann, bob] = [
    ["ann", 2],
    ["bob", 1],
  ];
  assert.deepEqual(await counts("1970-01-02"), [ann, bob]);
  assert.deepEqual(await counts(), [["ann", 3], bob]);
});

test("a budget goes on after a restart from what the ledger holds", async (context) => {
  const store = await openStore(context);
  const rules = [{ principal: "ann", budgetUsd: 1, budgetPeriod: "day" as const }];
  const first = await openLedger(store, SILENT);
  first.add({ ...ROW, at: Date.now(), principal: "ann" });
  first.add({ ...ROW, at: Date.now(), principal: "bob" });
  await first.close();
  const budgets = await openBudgets(rules, await openLedger(store, SILENT));
  assert.throws(() => budgets.check({ principal: "ann", model: "m" }), { code: "BudgetExceeded" });
  budgets.check({ principal: "bob", model: "m" });
  const tomorrow = await openBudgets(rules, await openLedger(store, SILENT), () => Date.now() + 86_400_000);
  tomorrow.check({ principal: "ann", model: "m" });
});

test("a budget of a month is of its calendar month, one of a day of its day", async (context) => {
  const ledger = await openLedger(await openStore(context), SILENT);
  ledger.add({ ...ROW, at: Date.UTC(2026, 2, 1), principal: "ann" });
  const at = async (month: number, day: number): Promise<string[]> => {
    const spent: string[] = [];
    for (const budgetPeriod of ["month", "day"] as const) {
      const rules = [{ principal: "*", budgetUsd: 1, budgetPeriod }];
      const budgets = await openBudgets(rules, ledger, () => Date.UTC(2026, month, day));
      try {
        budgets.check({ principal: "ann", model: "m" });
      } catch {
        spent.push(budgetPeriod);
      }
    }
    return spent;
  };
  assert.deepEqual(await at(2, 1), ["month", "day"]);
  assert.deepEqual(await at(2, 31), ["month"]);
  assert.deepEqual(await at(3, 1), []);
  await ledger.close();
});

test("rows reach the file by themselves, as they are, more than one statement takes; what is open at a stop is written", async (context) => {
  const store = await openStore(context);
  // Another connection, as of another process: it sees only what would outlive this one.
  const reader = await openRecordStore({ file: store.name });
  context.after(() => reader.close());
  const seen = await openLedger(reader, SILENT);
  const ledger = await openLedger(store, SILENT);
  const at = Date.UTC(2026, 1, 3, 23, 59, 59, 999);
  const names = ["größer \"quoted\" 'x' \\ 🙂", "ann"];
  for (let row = 0; row < 1203; row++) {
    ledger.add({
      ...ROW,
      at,
      principal: names[row % 2] ?? "",
      flow: "f",
      prompt_tokens: 3_000_000_000,
      estimated: row % 2,
    });
  }
  const deadline = Date.now() + 20_000;
  const sumsOf = () => seen.sums(["principal", "flow", "model", "day"]);
  let sums = await sumsOf();
  while (sums.length === 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    sums = await sumsOf();
  }
  assert.deepEqual(
    sums
      .map((sum) => [sum.principal, sum.requests, sum.prompt_tokens, sum.estimated])
      .toSorted(([, one], [, other]) => Number(one) - Number(other)),
    [
      ["ann", 601, 601 * 3_000_000_000, 601],
      [names[0], 602, 602 * 3_000_000_000, 0],
    ],
  );
  assert.deepEqual(new Set(sums.map(({ flow, model, day }) => `${flow} ${model} ${day}`)), new Set(["f m 2026-02-03"]));
  ledger.add({ ...ROW, at, principal: "last" });
  await ledger.close();
  assert.equal((await sumsOf()).find(({ principal }) => principal === "last")?.cost_micros, 1_000_000);
});
