// What networks and ill-meaning clients do: regions that cannot be reached, requests that two parsers read differently, slow clients.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { readChat } from "../../src/gateway/wire.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { KEYS, serve, type Served } from "./served.ts";

const HI = [{ role: "user" as const, content: "Hi" }];

async function textOf(served: Served, stream: boolean): Promise<string> {
  const client = served.openai();
  if (!stream) {
    const { choices } = await client.chat.completions.create({ model: "default", messages: HI });
    return choices[0]?.message.content ?? "";
  }
  let text = "";
  const chunks = await client.chat.completions.create({ model: "default", messages: HI, stream });
  for await (const chunk of chunks) text += chunk.choices[0]?.delta.content ?? "";
  return text;
}

for (const [name, address] of [
  ["no TLS", (url: string) => url.replace("http:", "https:")],
  ["no such host", () => "http://region.invalid"],
  ["nothing listens", () => "http://127.0.0.1:1"],
] as const) {
  for (const stream of [false, true]) {
    test(`a region that cannot be reached is passed over: ${name}, ${stream ? "streamed" : "whole"}`, async (context) => {
      const [east, west] = [await fakeModel(context), await fakeModel(context, { reply: "from west" })];
      const served = await serve(context, {
        models: [address(east.url), west.url].map((url, priority) => ({
          provider: "openai",
          base_url: `${url}/v1`,
          model: "m",
          priority,
        })),
      });
      assert.equal(await textOf(served, stream), "from west");
      assert.deepEqual([east.journal.entries.length, west.journal.entries.length], [0, 1]);
    });
  }
}

function open(context: TestContext, served: Served): Socket {
  const socket = connect({ port: Number(new URL(served.url).port), host: "127.0.0.1" });
  socket.on("error", () => {});
  context.after(() => socket.destroy());
  return socket;
}

/** The status line of the first answer, and how many answers there are. */
async function raw(context: TestContext, served: Served, request: string): Promise<{ first: string; answers: number }> {
  const socket = open(context, served);
  let text = "";
  socket.setEncoding("latin1").on("data", (part: string) => (text += part));
  socket.write(request, "latin1");
  await once(socket, "close");
  return { first: text.split("\r\n", 1)[0] ?? "", answers: text.split("HTTP/1.1 ").length - 1 };
}

test("requests that two parsers could read differently are refused, and no model is asked", async (context) => {
  const fake = await fakeModel(context);
  const served = await serve(context, { models: [{ provider: "openai", base_url: `${fake.url}/v1`, model: "m" }] });
  const body = JSON.stringify({ model: "default", messages: HI });
  const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const hidden = `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${KEYS.a}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const head = (lines: string): string =>
    `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${KEYS.a}\r\nContent-Type: application/json\r\n${lines}\r\n\r\n`;
  const forms: Record<string, string> = {
    "a length beside chunks": head(`Content-Length: 5\r\nTransfer-Encoding: chunked`) + chunked + hidden,
    "two lengths": head(`Content-Length: ${body.length}\r\nContent-Length: 5`) + body + hidden,
    "an unknown coding": head("Transfer-Encoding: xchunked") + chunked + hidden,
    "chunked twice": head("Transfer-Encoding: chunked, chunked\r\nContent-Length: 5") + chunked + hidden,
    "a blank before the colon": head(`Content-Length : ${body.length}`) + body + hidden,
    "a negative length": head("Content-Length: -1") + body + hidden,
    "a length with a sign": head(`Content-Length: +${body.length}`) + body + hidden,
    "a carriage return in a value": head(`X-A: a\rContent-Length: ${body.length}`) + body + hidden,
    "a chunk length that is none": head("Transfer-Encoding: chunked") + `0x${chunked}` + hidden,
    "headers beyond all bounds": head(`X-A: ${"a".repeat(40_000)}\r\nContent-Length: ${body.length}`) + body,
  };
  for (const [name, form] of Object.entries(forms)) {
    const { first, answers } = await raw(context, served, form);
    assert.match(first, /^HTTP\/1\.1 4(00|31|13) /, name);
    assert.equal(answers, 1, `${name}: what stands behind it is no request`);
  }
  assert.equal(fake.journal.entries.length, 0);
  assert.match(
    (await raw(context, served, hidden.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))).first,
    / 200 /,
  );
  assert.equal(fake.journal.entries.length, 1);
});

test("hundreds of clients that send half a request, or read nothing, keep nobody waiting", async (context) => {
  const fake = await fakeModel(context, { reply: "word ".repeat(20) });
  const served = await serve(context, { models: [{ provider: "openai", base_url: `${fake.url}/v1`, model: "m" }] });
  const body = JSON.stringify({ model: "default", messages: HI, stream: true });
  const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${KEYS.a}\r\n`;
  const sockets = Array.from({ length: 200 }, (_, at) => {
    const socket = open(context, served).pause();
    if (at % 8 === 0) socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    else socket.write(at % 2 === 0 ? head : `${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 20)}`);
    return socket;
  });
  await Promise.all(sockets.filter((socket) => socket.connecting).map((socket) => once(socket, "connect")));
  for (const stream of [false, true]) assert.equal(await textOf(served, stream), "word ".repeat(20));
});

test("a message whose content is neither text nor parts is the caller's fault, told by name", () => {
  const read = (content: unknown): unknown =>
    readChat(JSON.stringify({ model: "m", messages: [{ role: "user", content }] })).request.messages[0]?.content;
  for (const content of [5, true, {}, [null], ["text"], [{ type: "text", text: 5 }]])
    assert.throws(() => read(content), { code: "InvalidRequest", message: /^messages\[0\]\.content/ });
  for (const content of [
    "",
    null,
    [],
    [
      { type: "text", text: "a" },
      { type: "image_url", image_url: { url: "u" } },
    ],
  ])
    assert.deepEqual(read(content), content);
});
