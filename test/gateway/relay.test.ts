// Bytes that are passed on, beside answers that are taken apart and written anew: clients must not see a difference.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import type { FakeScript } from "../../src/model/fake/script.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { KEYS, serve, type Served } from "./served.ts";

const HI = [{ role: "user", content: "Hi there" }];
/** A guard that finds nothing: with it, every answer is read. */
const READING = { guards: [{ moderator: "rules" as const, on: ["prompt" as const], annotate: false }] };

async function post(served: Served, body: object): Promise<string> {
  const answer = await fetch(`${served.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEYS.a}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "default", messages: HI, ...body }),
  });
  return answer.text();
}

const dataOf = (text: string): unknown[] =>
  text
    .split("\n\n")
    .filter((message) => message.startsWith("data: {"))
    .map((message) => ({ ...(JSON.parse(message.slice(6)) as object), id: "", created: 0 }));
const wholeOf = (text: string): unknown => ({ ...(JSON.parse(text) as object), id: "", created: 0 });

const SCRIPTS: Record<string, FakeScript> = {
  text: { reply: "eins zwei drei – größer 🙂" },
  "tool calls": { reply: { toolCalls: [{ name: "add", arguments: '{"a":1}' }] } },
  "Azure's asynchronous filter": { reply: "all is well", asyncFilter: true },
  "an answer cut by the filter": {
    reply: "a b c d",
    faults: [{ times: 0, fault: { kind: "filter-completion", at: 2 } }],
  },
  "an error after the first text": { reply: "a b c d", faults: [{ times: 0, fault: { kind: "error-chunk", at: 2 } }] },
  "malformed after the first text": { reply: "a b c d", faults: [{ times: 0, fault: { kind: "malformed", at: 2 } }] },
  "cut off after the first text": { reply: "a b c d", faults: [{ times: 0, fault: { kind: "cut", at: 2 } }] },
};

for (const [name, script] of Object.entries(SCRIPTS)) {
  test(`passed on and read alike: ${name}`, async (context) => {
    const sides = [];
    for (const gateway of [{}, READING]) {
      const fake = await fakeModel(context, { reply: "warm up" });
      const served = await serve(context, {
        models: [{ provider: "azure-openai", endpoint: fake.url, api_key: "k", deployment: "d", serves: "m" }],
        gateway,
      });
      await post(served, { stream: true });
      fake.script(script);
      const whole = wholeOf(await post(served, {}));
      const plain = await post(served, { stream: true });
      const withUsage = dataOf(await post(served, { stream: true, stream_options: { include_usage: true } }));
      // The port of the fake stands in the words of an error.
      const port = new URL(fake.url).port;
      sides.push({
        whole: JSON.stringify(whole).replaceAll(port, "PORT"),
        stream: JSON.stringify(dataOf(plain)).replaceAll(port, "PORT"),
        withUsage: JSON.stringify(withUsage).replaceAll(port, "PORT"),
        isDone: plain.endsWith("data: [DONE]\n\n"),
        calls: fake.journal.entries.length,
        ledger: await served.ledger.sums(["principal", "model"]),
      });
    }
    const [relayed, read] = sides;
    assert.ok(relayed);
    assert.deepEqual(JSON.parse(relayed.whole), JSON.parse(read?.whole ?? ""));
    assert.deepEqual(JSON.parse(relayed.stream), JSON.parse(read?.stream ?? ""));
    assert.deepEqual(JSON.parse(relayed.withUsage), JSON.parse(read?.withUsage ?? ""));
    assert.deepEqual([relayed.isDone, relayed.calls], [read?.isDone, read?.calls]);
    assert.deepEqual(relayed.ledger, read?.ledger);
  });
}

/** A server that sends exactly these bytes, in these reads. */
async function rawServer(context: TestContext, reads: () => { type: string; parts: Buffer[] }): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const { type, parts } = reads();
      response.writeHead(200, { "content-type": type });
      const next = (at: number): void => {
        const part = parts[at];
        if (!part) response.end();
        else response.write(part, () => setImmediate(next, at + 1));
      };
      next(0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

const message = (choices: string, more = ""): string =>
  `data: {"id": "c1",  "created": 7, "model": "m", "x-own": [1.0, "\\u00e9"]${more}, "choices": ${choices}}\n\n`;
const text = (content: string, finish = "null"): string =>
  `[{"index": 0, "delta": {"content": "${content}"}, "finish_reason": ${finish}}]`;
const USAGE = message("[]", ', "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}');

test("not a byte of a message is changed, wherever reads are cut; only usage that nobody asked for is left out", async (context) => {
  const body = message(text("größer 🙂")) + message(text("", '"stop"'));
  let width = 1 << 20;
  const url = await rawServer(context, () => {
    const bytes = Buffer.from(`${body}${USAGE}data: [DONE]\n\n`);
    const parts = [];
    for (let from = 0; from < bytes.length; from += width) parts.push(bytes.subarray(from, from + width));
    return { type: "text/event-stream", parts };
  });
  const served = await serve(context, { models: [{ provider: "openai", base_url: url, model: "m" }] });
  // The first stream proves that the server takes the option for usage.
  await post(served, { stream: true });
  for (width of [1 << 20, 61, 7]) {
    assert.equal(await post(served, { stream: true }), `${body}data: [DONE]\n\n`, `reads of ${width}`);
    const asked = await post(served, { stream: true, stream_options: { include_usage: true } });
    assert.equal(asked, `${body}${USAGE}data: [DONE]\n\n`);
  }
  const [sum] = await served.ledger.sums(["model"]);
  assert.deepEqual([sum?.requests, sum?.prompt_tokens, sum?.completion_tokens, sum?.estimated], [7, 21, 14, 0]);
});

test("a whole answer goes through as it came", async (context) => {
  const whole = `{"id":"c1", "object":"chat.completion","created":7,"model":"m","own":1.0,"choices":[{"index":0,"message":{"role":"assistant","content":"h\\u00e9"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}`;
  const url = await rawServer(context, () => ({ type: "application/json", parts: [Buffer.from(whole)] }));
  const served = await serve(context, { models: [{ provider: "openai", base_url: url, model: "m" }] });
  assert.equal(await post(served, {}), whole);
});

test("other line ends, comments and gaps are read and written in the usual form", async (context) => {
  const sloppy = `data: {"choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"stop"}]}\n\n`;
  const forms = [
    `: wait\n\nevent: chunk\n${message(text("a"))}${sloppy}data: [DONE]\n\n`,
    `${message(text("a"))}${sloppy}data: [DONE]\n\n`.replaceAll("\n", "\r\n"),
  ];
  let form = 0;
  const url = await rawServer(context, () => ({
    type: "text/event-stream",
    parts: [Buffer.from(forms[form] ?? "")],
  }));
  const served = await serve(context, { models: [{ provider: "openai", base_url: url, model: "m" }] });
  await post(served, { stream: true });
  for (form of [0, 1]) {
    const chunks = dataOf(await post(served, { stream: true })) as { model: string; choices: { delta: unknown }[] }[];
    assert.deepEqual(
      chunks.map(({ model, choices }) => [model, choices[0]?.delta]),
      [
        ["m", { content: "a" }],
        ["", { content: "b" }],
      ],
    );
  }
});

test("before the first text a region is replaced unseen, after it never; one call each, in this order", async (context) => {
  const [east, west] = [await fakeModel(context), await fakeModel(context, { reply: "from west with love" })];
  const entry = (url: string, priority: number): Record<string, unknown> => ({
    provider: "openai",
    base_url: `${url}/v1`,
    model: "m",
    priority,
    first_token_seconds: 0.4,
    idle_seconds: 0.4,
  });
  const served = await serve(context, { models: [entry(east.url, 0), entry(west.url, 1)] });
  const textIn = (body: string): string =>
    (dataOf(body) as { choices?: { delta?: { content?: string } }[] }[])
      .map(({ choices }) => choices?.[0]?.delta?.content ?? "")
      .join("");
  // Successes keep the circuit closed, and prove to the gateway what the servers take.
  for (let call = 0; call < 6; call++) await post(served, { stream: true });
  east.script({ faults: [{ fault: { kind: "reset" } }] });
  await post(served, { stream: true });
  const kinds = [
    { kind: "reset" },
    { kind: "reset", at: 0 },
    { kind: "malformed", at: 0 },
    { kind: "cut", at: 0 },
    { kind: "error-chunk", at: 0 },
    { kind: "stall", at: 0 },
  ] as const;
  for (const fault of kinds) {
    const before = [east.journal.entries.length, west.journal.entries.length];
    east.script({ reply: "from east with love", faults: [{ fault }] });
    assert.equal(textIn(await post(served, { stream: true })), "from west with love", JSON.stringify(fault));
    const after = [east.journal.entries.length, west.journal.entries.length];
    assert.deepEqual([after[0]! - before[0]!, after[1]! - before[1]!], [1, 1], JSON.stringify(fault));
    east.script({ reply: "from east with love" });
    assert.equal(textIn(await post(served, { stream: true })), "from east with love");
  }
  for (const kind of ["reset", "malformed", "cut", "error-chunk", "stall"] as const) {
    const before = west.journal.entries.length;
    east.script({ reply: "from east with love", faults: [{ fault: { kind, at: 2 } }] });
    const body = await post(served, { stream: true });
    assert.equal(textIn(body), "from east ", kind);
    assert.match(body, /data: \{"error":\{"message":/, kind);
    assert.doesNotMatch(body, /\[DONE\]/);
    assert.equal(west.journal.entries.length, before, `${kind}: never a second answer`);
  }
});
