// The model server behind every gateway under measurement: fixed answers in Azure's form, at no cost of its own.

import { type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

const SAFE = { filtered: false, severity: "safe" };
const FILTER = { hate: SAFE, self_harm: SAFE, sexual: SAFE, violence: SAFE };
const base = { id: "chatcmpl-bench", created: 1_760_000_000, model: "gpt-4o-2024-11-20" };
const usage = { prompt_tokens: 90, completion_tokens: 64, total_tokens: 154 };
const content =
  "The warranty of the tent is two years from the day of purchase, and it covers poles and seams. ".repeat(3);

/** The answer to a call that asks for no stream. */
export const WHOLE = JSON.stringify({
  ...base,
  object: "chat.completion",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content, refusal: null },
      logprobs: null,
      finish_reason: "stop",
      content_filter_results: FILTER,
    },
  ],
  usage,
});

const chunk = (delta: object, finish_reason: string | null): string =>
  `data: ${JSON.stringify({
    ...base,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, logprobs: null, finish_reason, content_filter_results: FILTER }],
  })}\n\n`;

/** To whoever asks for models. */
export const NO_MODELS = '{"object":"list","data":[]}';

const TAIL = `${chunk({}, "stop")}data: ${JSON.stringify({ ...base, object: "chat.completion.chunk", choices: [], usage })}\n\ndata: [DONE]\n\n`;

/** Chunks of a stream come this far apart, so that each one is a write of its own. */
export const CHUNK_MS = 1;
const HELD_MS = 20_000;

export async function startUpstream(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("latin1").on("data", (part: string) => (body += part));
    request.on("end", () => {
      if (request.method === "GET") {
        response.writeHead(200, { "content-type": "application/json" }).end(NO_MODELS);
        return;
      }
      const tokens = /"max_tokens":(\d+)/.exec(body)?.[1];
      if (!body.includes('"stream":true')) {
        response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(WHOLE) });
        response.end(WHOLE);
        return;
      }
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(chunk({ role: "assistant", content: "" }, null));
      if (body.includes('"HOLD"')) return hold(response);
      let left = Number(tokens ?? 64);
      const send = (): void => {
        if (left-- > 0) {
          response.write(chunk({ content: "word " }, null));
          setTimeout(send, CHUNK_MS);
        } else response.end(TAIL);
      };
      send();
    });
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => closed(server) };
}

/** One token, and now and then another one, so that nobody takes it for a stream that stands still. */
function hold(response: ServerResponse): void {
  response.write(chunk({ content: "word " }, null));
  const timer = setInterval(() => response.write(chunk({ content: "word " }, null)), HELD_MS);
  response.once("close", () => clearInterval(timer));
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
