// The ledger beside the servers' own books, under calls of every kind that end in every way, drawn by a seed: what servers
// answered whole is there to the token, what broke off to the piece, what clients left is marked, and nothing else is there.

import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { fakeModel } from "../fake/openai/start.ts";
import { seeded } from "../seeded.ts";
import { KEYS, serve, type Served } from "./served.ts";

const CALLS = 250;
/** So often is a call a stream that breaks off at whichever server it comes to, so that some do whatever else is drawn. */
const BREAK_EVERY = 20;
const AT_ONCE = 24;
const LONG = "word ".repeat(300);

/** Who left early or was stopped: how much of an answer has come by then is chance. */
const LEAVING = "leaving";
const FLOWS = ["", "chat", "search"];
const MODELS = ["default", "other"];
const WAYS = ["whole", "stream", "usage", "choices", "tools", "text", "responses", "embedding"] as const;
const FAULTS = [
  { kind: "status", status: 429, headers: { "retry-after-ms": "1" } },
  { kind: "status", status: 500 },
  { kind: "status", status: 400 },
  { kind: "reset" },
  { kind: "cut", at: 3 },
  { kind: "malformed", at: 1 },
  { kind: "error-chunk", at: 2 },
  { kind: "filter-prompt" },
  { kind: "filter-completion", at: 2 },
] as const;
/** Of streams: a whole answer may take its time. */
const STALL = { kind: "stall", at: 2 } as const;

interface Tokens {
  requests: number;
  prompt: number;
  completion: number;
}
type Book = Record<string, Tokens>;

function write(book: Book, name: string, { prompt, completion }: Omit<Tokens, "requests">): void {
  const sum = (book[name] ??= { requests: 0, prompt: 0, completion: 0 });
  sum.requests++;
  sum.prompt += prompt;
  sum.completion += completion;
}

test("the ledger equals the servers' books, whatever happens to the calls", { timeout: 120_000 }, async (context) => {
  const random = seeded(20_261_123);
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const script = {
    tokensPerSecond: 400,
    replies: [
      { contains: "tell me long", reply: LONG },
      { contains: "tell me of it", reply: `It is so. The project bluebird is secret. ${LONG}` },
      { contains: "call a tool", reply: { toolCalls: [{ name: "look", arguments: '{"at": "it"}' }] } },
    ],
    reply: "one two three four five six",
  };
  const [east, west] = [await fakeModel(context, script), await fakeModel(context, script)];
  const region = { provider: "openai", model: "m", idle_seconds: 4 };
  const served = await serve(context, {
    models: [
      { ...region, base_url: `${east.url}/v1`, region: "east" },
      { ...region, base_url: `${west.url}/v1`, region: "west" },
      { ...region, base_url: `${west.url}/v1`, name: "other" },
      { ...region, base_url: `${east.url}/v1`, name: "guarded" },
    ],
    embedder: `${east.url}/v1`,
    gateway: {
      limits: [{ principal: "team-b", requests_per_minute: 10 }],
      guards: [{ moderator: "rules", patterns: ["project bluebird"], hold_back: 20, models: ["guarded"] }],
    },
  });
  const written: Parameters<Served["ledger"]["add"]>[0][] = [];
  const { add } = served.ledger;
  served.ledger.add = (row) => {
    written.push(row);
    add(row);
  };
  const tokens = new Map<string, string>([["team-b ", KEYS.b]]);
  const tokenOf = (principal: string, flow: string): string => {
    const name = `${principal} ${flow}`;
    const found = tokens.get(name);
    if (found !== undefined) return found;
    const { token } = served.gateway.credentials.lend({ principal, ...(flow ? { flow } : {}) });
    tokens.set(name, token);
    return token;
  };

  async function call(number: number): Promise<void> {
    const breaks = number % BREAK_EVERY === 0;
    const kind = breaks ? 0.5 : random();
    const isLeaving = kind < 0.15;
    const isLimited = !isLeaving && kind < 0.25;
    const flow = isLimited ? "" : one(FLOWS);
    const principal = isLeaving ? LEAVING : isLimited ? "team-b" : one(["team-a", "chat/primary", "local"]);
    const way = breaks ? "stream" : isLeaving ? one(["stream", "usage", "whole", "stopped"] as const) : one(WAYS);
    const name = way === "stopped" ? "guarded" : one(MODELS);
    const tag = `#${number} ${principal}|${flow}|${way === "embedding" ? "embed" : name}#`;
    const isStream = way === "stream" || way === "usage";
    if (breaks)
      for (const fake of [east, west]) fake.script({ faults: [{ contains: tag, fault: { kind: "cut", at: 3 } }] });
    if (kind > 0.6) {
      for (const fake of random() < 0.2 ? [east, west] : [one([east, west])])
        fake.script({ faults: [{ contains: tag, fault: one(isStream ? [...FAULTS, STALL] : FAULTS) as never }] });
    }
    const client = new OpenAI({ baseURL: `${served.url}/v1`, apiKey: tokenOf(principal, flow), maxRetries: 0 });
    const say =
      { stopped: "tell me of it", tools: "call a tool" }[way as string] ?? (isLeaving ? "tell me long" : "hello");
    const messages = [{ role: "user" as const, content: `${tag} ${say}` }];
    const gone = new AbortController();
    if (isLeaving && way === "whole") setTimeout(() => gone.abort(), 20 + random() * 200);
    const { signal } = gone;
    try {
      if (way === "embedding") await client.embeddings.create({ model: "embed", input: [tag, say] });
      else if (way === "text") await client.completions.create({ model: name, prompt: `${tag} ${say}` });
      else if (way === "responses") await client.responses.create({ model: name, input: `${tag} ${say}` });
      else if (way === "whole" || way === "choices" || way === "tools")
        await client.chat.completions.create(
          { model: name, messages, ...(way === "choices" ? { n: 3 } : {}) },
          { signal },
        );
      else {
        const more = way === "usage" ? { stream_options: { include_usage: true } } : {};
        const stream = await client.chat.completions.create(
          { model: name, messages, stream: true, ...more },
          { signal },
        );
        let left = Math.ceil(random() * 20);
        for await (const _ of stream) if (isLeaving && way !== "stopped" && left-- === 0) break;
      }
    } catch {
      // Most of them are meant to fail; what it cost is asked below.
    }
  }

  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < CALLS) await call(next++);
    }),
  );
  const entries = [east, west].flatMap(({ journal }) => journal.entries.filter(({ method }) => method === "POST"));
  for (const fake of [east, west]) {
    for (const entry of fake.journal.entries) await fake.journal.until(({ number }) => number === entry.number);
  }

  const [whole, broken]: [Book, Book] = [{}, {}];
  let left = 0;
  for (const { body, outcome, usage, status } of entries) {
    const [, name = ""] = /#\d+ ([^#]*)#/.exec(JSON.stringify(body)) ?? [];
    const used = { prompt: usage.prompt_tokens, completion: usage.completion_tokens };
    if (status !== 200 || usage.total_tokens === 0) continue;
    if (name.startsWith(LEAVING)) left++;
    else if (outcome === "complete") write(whole, name, used);
    // A whole answer of which a half came was asked for again elsewhere; nobody has seen it.
    else if ((body as { stream?: boolean }).stream) write(broken, name, { ...used, prompt: 0 });
  }
  const told: Book = {};
  const estimated: Book = {};
  for (const row of written) {
    const used = { prompt: row.prompt_tokens, completion: row.completion_tokens };
    const name = `${row.principal}|${row.flow}|${row.model}`;
    if (row.principal === LEAVING) continue;
    if (row.estimated === 1) write(estimated, name, { ...used, prompt: 0 });
    else write(told, name, used);
  }
  assert.deepEqual(told, whole, "what was answered");
  assert.deepEqual(estimated, broken, "what broke off");
  const counts = { whole: 0, broken: 0 };
  for (const { requests } of Object.values(whole)) counts.whole += requests;
  for (const { requests } of Object.values(broken)) counts.broken += requests;
  assert.ok(counts.whole > CALLS / 3 && counts.broken > 3, JSON.stringify(counts));

  const rows = written.filter(({ principal }) => principal === LEAVING);
  assert.ok(rows.length > 0 && rows.length <= left, `${rows.length} rows for ${left} answers`);
  for (const { completion_tokens: completion } of rows) assert.ok(completion > 0 && completion <= LONG.length / 5 + 9);

  const kept: Book = {};
  const all: Book = {};
  for (const row of written)
    write(all, `${row.principal}|${row.flow}|${row.model}`, {
      prompt: row.prompt_tokens,
      completion: row.completion_tokens,
    });
  for (const { principal, flow, model, requests, prompt_tokens, completion_tokens } of await served.ledger.sums([
    "principal",
    "flow",
    "model",
  ])) {
    kept[`${principal}|${flow}|${model}`] = { requests, prompt: prompt_tokens, completion: completion_tokens };
  }
  assert.deepEqual(kept, all, "what is kept");
});
