// Writes an answer at the scripted pace and with the scripted fault.

import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { sseData } from "../../base/sse.ts";
import type { Answer } from "./answer.ts";
import type { JournalEntry } from "./journal.ts";
import type { Fault } from "./script.ts";
import { asyncFilterChunk, PROMPT_FILTER_CHUNK, type Dialect } from "./shape.ts";

export interface Delivery {
  response: ServerResponse;
  entry: JournalEntry;
  answer: Answer;
  dialect: Dialect;
  fault: Fault | undefined;
  firstTokenMs: number;
  tokensPerSecond: number;
  includeUsage: boolean;
  /** Whether each piece of text brings letters that hide how long it is. */
  obfuscates: boolean;
  asyncFilter: boolean;
  /** Aborted when the connection has gone. */
  gone: AbortSignal;
}

type Ending = "complete" | "broken";

export async function deliverStream(delivery: Delivery): Promise<Ending> {
  const { response, entry, answer, dialect, fault, gone } = delivery;
  const write = (chunk: unknown): boolean =>
    response.write(
      [chunk]
        .flat()
        .map((one) => frame(one, dialect))
        .join(""),
    );
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  response.flushHeaders();
  entry.status = 200;
  if (dialect === "azure") write(PROMPT_FILTER_CHUNK);
  if (answer.first) write(answer.first);
  const start = performance.now();
  const stepMs = delivery.tokensPerSecond > 0 ? 1000 / delivery.tokensPerSecond : 0;
  for (let sent = 0; sent <= answer.deltas.length; sent++) {
    if (fault && "at" in fault && fault.at === sent) {
      const ending = await breakStream(fault, delivery);
      if (ending) return ending;
    }
    const delta = answer.deltas[sent];
    if (!delta) break;
    const waitMs = start + delivery.firstTokenMs + sent * stepMs - performance.now();
    if (waitMs > 0.5) await delay(waitMs, undefined, { signal: gone });
    if (gone.aborted) return "broken";
    const chunk = answer.chunk(delta);
    if (!write(delivery.obfuscates ? { ...(chunk as object), obfuscation: "a9Zk" } : chunk))
      await drained(response, gone);
    if (dialect === "azure" && delivery.asyncFilter) write(asyncFilterChunk(sent));
    count(entry, answer, sent + 1);
  }
  write(answer.last);
  count(entry, answer, answer.deltas.length);
  if (delivery.includeUsage) write(answer.usageChunk(answer.deltas.length));
  response.end(dialect === "anthropic" ? "" : sseData("[DONE]"));
  return "complete";
}

export async function deliverJson(delivery: Delivery): Promise<Ending> {
  const { response, entry, answer, fault, gone } = delivery;
  const tokens = answer.deltas.length;
  const stepMs = delivery.tokensPerSecond > 0 ? 1000 / delivery.tokensPerSecond : 0;
  const waitMs = delivery.firstTokenMs + tokens * stepMs;
  if (waitMs > 0) await delay(waitMs, undefined, { signal: gone });
  const text = JSON.stringify(answer.whole);
  entry.status = 200;
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  if (fault && "at" in fault && fault.kind !== "filter-completion") {
    response.write(text.slice(0, Math.floor(text.length / 2)));
    if (fault.kind === "stall") await forever(gone);
    if (fault.kind === "malformed") response.end(" ".repeat(Math.ceil(text.length / 2)));
    else response.destroy();
    return "broken";
  }
  count(entry, answer, tokens);
  response.end(text);
  return "complete";
}

/** Waits until the client goes away. */
export function forever(gone: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (gone.aborted) reject(new Error("gone"));
    gone.addEventListener("abort", () => reject(new Error("gone")), { once: true });
  });
}

/** Anthropic names each event before its data. */
function frame(chunk: unknown, dialect: Dialect): string {
  const data = sseData(JSON.stringify(chunk));
  return dialect === "anthropic" ? `event: ${(chunk as { type: string }).type}\n${data}` : data;
}

function count(entry: JournalEntry, answer: Answer, tokens: number): void {
  entry.tokens = tokens;
  entry.usage = answer.usage(tokens);
}

async function breakStream(fault: Fault, { response, gone }: Delivery): Promise<Ending | undefined> {
  switch (fault.kind) {
    case "reset":
      await flushed(response);
      response.socket?.resetAndDestroy();
      return "broken";
    case "stall":
      return forever(gone);
    case "malformed":
      response.end('data: {"choices": [{"delta": \n\n');
      return "broken";
    case "cut":
      response.end();
      return "broken";
    case "error-chunk":
      response.end(
        sseData(
          JSON.stringify({ error: { message: fault.message ?? "The engine is overloaded.", code: "server_error" } }),
        ),
      );
      return "broken";
    default:
      return undefined;
  }
}

/** A reset throws away what the kernel has not sent: wait until the tokens before it are on their way. */
async function flushed(response: ServerResponse): Promise<void> {
  while ((response.socket?.writableLength ?? 0) > 0) await delay(1);
  await delay(5);
}

function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    response.once("drain", resolve);
    gone.addEventListener("abort", () => resolve(), { once: true });
  });
}
