// Servers that answer in a way of their own: embeddings as text, in another order or in another number; no list of models.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { openEmbedder, openModel } from "../../src/model/provider/index.ts";

let answer: { status: number; body: unknown } = { status: 200, body: {} };
let sent: { input?: unknown } = {};
const server = createServer((request, response) => {
  let text = "";
  request.on("data", (chunk: Buffer) => (text += chunk.toString()));
  request.on("end", () => {
    sent = text === "" ? {} : (JSON.parse(text) as typeof sent);
    response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
  });
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
const embedder = await openEmbedder({ provider: "openai", baseUrl, model: "e", dimensions: 2 });
const model = openModel({ provider: "openai", baseUrl, model: "m" });
after(async () => {
  await embedder.close();
  await model.close();
  server.close();
  server.closeAllConnections();
});

const never = (): AbortSignal => new AbortController().signal;
const embed = async (texts: string[], data: unknown[]): Promise<number[][]> => {
  answer = { status: 200, body: { data, usage: { prompt_tokens: 1 } } };
  return (await embedder.embed(texts, "query", never())).map((vector) => Array.from(vector));
};
const refuses = (texts: string[], data: unknown[], message: RegExp): Promise<void> =>
  assert.rejects(embed(texts, data), { code: "ModelBadAnswer", message });

test("vectors are taken as numbers or as base64, in the order that they tell", async () => {
  const text = Buffer.from(new Float32Array([0, 2]).buffer).toString("base64");
  const data = [
    { index: 1, embedding: text },
    { index: 0, embedding: [3, 0] },
  ];
  assert.deepEqual(await embed(["a", "b"], data), [
    [1, 0],
    [0, 1],
  ]);
  assert.deepEqual(await embed(["a"], [{ embedding: [0, 0] }]), [[0, 0]], "nothing is divided by nothing");
});

test("an empty text is asked for as a blank one", async () => {
  await embed(["", "b"], [{ embedding: [1, 0] }, { embedding: [1, 0] }]);
  assert.deepEqual(sent.input, [" ", "b"]);
});

test("vectors that are missing, too many, of another size or no numbers are no answer", async () => {
  const one = { embedding: [1, 0] };
  await refuses(["a", "b"], [one], /1 embeddings for 2 texts/);
  await refuses(["a"], [one, one], /2 embeddings for 1 texts/);
  await refuses(
    ["a", "b"],
    [
      { ...one, index: 1 },
      { ...one, index: 1 },
    ],
    /2 embeddings for 2 texts/,
  );
  await refuses(["a"], [{ embedding: [1, 0, 0] }], /a vector of 3 numbers where 2 were expected/);
  await refuses(["a"], [{ embedding: [1, "x"] }], /something else than embeddings/);
});

test("a server without a list of models can be reached; one that fails cannot", async () => {
  for (const status of [404, 405, 429]) {
    answer = { status, body: {} };
    await model.probe(never());
  }
  for (const [status, code] of [
    [401, "ModelUnauthorized"],
    [500, "ModelFailed"],
  ] as const) {
    answer = { status, body: {} };
    await assert.rejects(model.probe(never()), { code });
  }
  answer = { status: 200, body: { models: [] } };
  await assert.rejects(model.probe(never()), { code: "ModelBadAnswer" });
});

test(
  "a whole answer that stands still after its first half is given up as a stream is",
  { timeout: 20_000 },
  async (context) => {
    const halting = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "application/json" }).write('{"id": "c1", "choices": [');
    });
    await new Promise<void>((resolve) => halting.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(halting.address() as AddressInfo).port}/v1`;
    const slow = openModel({ provider: "openai", baseUrl: url, model: "m", idleMs: 100 });
    context.after(async () => {
      await slow.close();
      halting.close();
      halting.closeAllConnections();
    });
    const chunks = slow.chat({ messages: [{ role: "user", content: "hi" }], parameters: {}, stream: false }, never());
    const read = async (): Promise<void> => {
      for await (const chunk of chunks) assert.fail(JSON.stringify(chunk));
    };
    await assert.rejects(read(), { code: "ModelStalled", message: /stood still for 100 ms/ });
  },
);
