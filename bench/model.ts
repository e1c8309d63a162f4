// A model server that costs next to nothing, as a process of its own: OpenAI's chat completions at a fixed pace, all
// answers written from prepared bytes. One clock serves all streams, so that many of them do not mean many timers.

import { type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

const FIRST_MS = 50;
const TOKEN_MS = 20;
const TOKENS = 50;
/** In a message: the answer stops after its first token and stays open. */
const HOLD = "HOLD";

const BASE = { id: "chatcmpl-1", created: 1, model: "bench" };
const usage = { prompt_tokens: 20, completion_tokens: TOKENS, total_tokens: 20 + TOKENS };
const TEXT = "token ".repeat(TOKENS).trimEnd();
const whole = Buffer.from(
  JSON.stringify({
    ...BASE,
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content: TEXT }, finish_reason: "stop", logprobs: null }],
    usage,
  }),
);
const frame = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ ...BASE, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish, logprobs: null }] })}\n\n`;
const first = Buffer.from(frame({ role: "assistant", content: "" }) + frame({ content: "token " }));
const next = Buffer.from(frame({ content: "token " }));
const last = Buffer.from(
  `${frame({ content: "token" })}${frame({}, "stop")}data: ${JSON.stringify({ ...BASE, object: "chat.completion.chunk", choices: [], usage })}\n\ndata: [DONE]\n\n`,
);

interface Stream {
  response: ServerResponse;
  nextAt: number;
  left: number;
  isHeld: boolean;
}

const streams = new Set<Stream>();

setInterval(() => {
  const now = performance.now();
  for (const stream of streams) {
    while (stream.left > 0 && stream.nextAt <= now) step(stream);
  }
}, 1);

function step(stream: Stream): void {
  const { response, left, isHeld } = stream;
  stream.nextAt += TOKEN_MS;
  stream.left--;
  if (left === TOKENS) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(first);
    if (isHeld) stream.left = 0;
  } else if (left === 1) {
    response.end(last);
    streams.delete(stream);
  } else response.write(next);
}

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    if (!body.includes('"stream":true')) {
      setTimeout(() => {
        response.writeHead(200, { "content-type": "application/json", "content-length": whole.length }).end(whole);
      }, FIRST_MS);
      return;
    }
    const stream = { response, nextAt: performance.now() + FIRST_MS, left: TOKENS, isHeld: body.includes(HOLD) };
    streams.add(stream);
    response.once("close", () => streams.delete(stream));
  });
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 16_384 }, () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
