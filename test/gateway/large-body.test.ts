// Bodies over the limit: the client reads why, and the connection goes on where the whole body has come.

import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { fakeModel } from "../fake/openai/start.ts";
import { KEYS, serve, type Served } from "./served.ts";

const LIMIT = 64 * 2 ** 20;
const PIECE = Buffer.alloc(2 ** 20, "a");

async function served(context: TestContext): Promise<Served> {
  const fake = await fakeModel(context);
  return serve(context, { models: [{ provider: "openai", base_url: `${fake.url}/v1`, model: "m" }] });
}

interface Answer {
  status: number | undefined;
  body: { error?: { code?: string; message?: string; type?: string } };
  isReused: boolean;
}

/** Sends so many pieces of 1 MiB and then `text`. */
async function post(url: string, agent: Agent, { pieces, text }: { pieces: number; text: string }): Promise<Answer> {
  const headers = { "api-key": KEYS.a, "content-type": "application/json" };
  const call = request(`${url}/v1/chat/completions`, { method: "POST", agent, headers });
  const answered = once(call, "response") as Promise<[IncomingMessage]>;
  for (let piece = 0; piece < pieces; piece++) if (!call.write(PIECE)) await once(call, "drain");
  call.end(text);
  const [response] = await answered;
  let all = "";
  for await (const part of response.setEncoding("utf8")) all += part;
  return { status: response.statusCode, body: JSON.parse(all) as Answer["body"], isReused: call.reusedSocket };
}

test("a body over the limit gets 413 in the clients' form, and its connection serves the next call", async (context) => {
  const { url } = await served(context);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  context.after(() => agent.destroy());
  const large = await post(url, agent, { pieces: LIMIT / PIECE.length, text: "and more" });
  assert.equal(large.status, 413);
  assert.equal(large.body.error?.code, "PayloadTooLarge");
  assert.equal(large.body.error?.type, "invalid_request_error");
  assert.match(large.body.error?.message ?? "", new RegExp(`larger than ${LIMIT} bytes`));
  const text = JSON.stringify({ model: "default", messages: [{ role: "user", content: "Hi" }] });
  const next = await post(url, agent, { pieces: 0, text });
  assert.deepEqual([next.status, next.isReused], [200, true]);
});

test("a length over the limit is refused before the body comes; one that never ends loses its connection", async (context) => {
  const { url } = await served(context);
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1" });
  context.after(() => socket.destroy());
  let answer = "";
  socket.setEncoding("latin1").on("data", (part: string) => (answer += part));
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\napi-key: ${KEYS.a}\r\ncontent-length: ${100 * LIMIT}\r\n\r\n`,
  );
  while (!answer.includes("PayloadTooLarge")) await once(socket, "data");
  assert.match(answer, /^HTTP\/1\.1 413 /);
  let sent = 0;
  while (!socket.destroyed && sent < 3 * LIMIT) {
    sent += PIECE.length;
    if (!socket.write(PIECE)) await Promise.race([once(socket, "drain").catch(() => {}), closed]);
  }
  await closed;
  assert.equal(answer.split("HTTP/1.1 ").length, 2, "one answer");
});
