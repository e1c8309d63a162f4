// The gateway's answers as they go on the wire.

import { sseData } from "../../base/sse.ts";
import { responseSink, sendJson } from "../../endpoint/exchange.ts";
import { Completion } from "../../gateway/completion.ts";
import { chunkBody, textBody } from "../../gateway/text-completion.ts";
import { wireError } from "../../gateway/wire.ts";
import type { ResponseAnswer, ResponseEvent } from "../../gateway/response-answer.ts";
import type { ChatChunk, RelayPart } from "../../model/chat-model.ts";
import type { ServedResponse } from "../../network/served-exchange.ts";
import type { Hot } from "../hot.ts";

const SMALL = 16_384;
const DONE = "data: [DONE]\n\n";

const EVENT_STREAM = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

interface StreamForm {
  headers: Record<string, string>;
  /** Whether the client wants the usage chunk. */
  includeUsage: boolean;
  /** Whether it speaks the older completions API. */
  isText: boolean;
}

export async function sendStream(
  hot: Hot,
  parts: AsyncIterable<RelayPart>,
  { headers, includeUsage, isText }: StreamForm,
): Promise<void> {
  const sink = responseSink(hot.response, headers);
  let hasBegun = false;
  try {
    for await (const { bytes, chunk, isUsageOnly } of parts) {
      if (isUsageOnly && !includeUsage) continue;
      if (!hasBegun) {
        hasBegun = true;
        sink.head(200, EVENT_STREAM);
      }
      const pause = sink.write(bytes ?? sseData(JSON.stringify(isText && chunk ? chunkBody(chunk) : chunk)));
      if (pause) await pause;
    }
  } catch (thrown) {
    if (!hasBegun) throw thrown;
    // The head has left: clients raise an error from a chunk that holds one.
    await sink.write(sseData(JSON.stringify(wireError(thrown).body)));
    sink.end();
    throw thrown;
  }
  await sink.write(DONE);
  sink.end();
}

export async function sendWhole(
  { response }: Hot,
  parts: AsyncIterable<RelayPart>,
  { headers, isText }: { headers: Record<string, string>; isText: boolean },
): Promise<void> {
  let completion: Completion | undefined;
  let body: Buffer | undefined;
  for await (const { bytes, chunk } of parts) {
    if (chunk) (completion ??= new Completion()).add(chunk);
    else body = bytes;
  }
  if (body) return sendBody(response, body, headers);
  const whole = (completion ?? new Completion()).body();
  sendPlain(response, isText ? textBody(whole) : whole, headers);
}

/** In the words of the Responses API. */
export async function sendResponse(
  hot: Hot,
  chunks: AsyncIterable<ChatChunk>,
  { headers, answer, isStream }: { headers: Record<string, string>; answer: ResponseAnswer; isStream: boolean },
): Promise<void> {
  const sink = responseSink(hot.response, headers);
  let hasBegun = false;
  const write = async (events: readonly ResponseEvent[]): Promise<void> => {
    if (!isStream || events.length === 0) return;
    if (!hasBegun) sink.head(200, EVENT_STREAM);
    hasBegun = true;
    await sink.write(events.map((event) => `event: ${event.type}\n${sseData(JSON.stringify(event))}`).join(""));
  };
  try {
    for await (const chunk of chunks) await write(answer.add(chunk));
    await write(answer.end());
  } catch (thrown) {
    if (!hasBegun) throw thrown;
    await sink.write(`event: error\n${sseData(JSON.stringify({ type: "error", ...wireError(thrown).body }))}`);
    sink.end();
    throw thrown;
  }
  if (isStream) sink.end();
  else sendPlain(hot.response, answer.body(), headers);
}

export function sendPlain(response: ServedResponse, body: unknown, headers: Record<string, string>): void {
  sendBody(response, Buffer.from(JSON.stringify(body)), headers);
}

function sendBody(response: ServedResponse, body: Buffer, headers: Record<string, string>): void {
  response.writeHead(
    200,
    Object.assign(headers, { "content-type": "application/json", "content-length": body.length }),
  );
  // As text in one byte each it goes out in one piece with the head, when it is small.
  if (body.length > SMALL) response.end(body);
  else response.end(body.toString("latin1"), "latin1");
}

export function sendFailure({ response }: Hot, thrown: unknown, headers: Record<string, string>): void {
  const { status, headers: more, body } = wireError(thrown);
  if (response.headersSent) {
    if (!response.writableEnded) response.destroy();
  } else sendJson(response, status, body, { ...headers, ...more });
}
