import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import type { ChatRun } from "../../chat/chat.ts";
import { type PieceWriter, pieceWriter } from "../../endpoint/piece.ts";
import { UI_STREAM_DONE, UI_STREAM_HEADERS, uiFrame } from "../../chat/ui-stream.ts";

export interface StreamTimes {
  /** How often a comment is sent, so that no proxy takes the connection for dead. */
  heartbeatMs: number;
  /** How long a client may leave full buffers unread before it is cut off; it can come back and ask for the rest. */
  stallMs: number;
}

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
  connection: "keep-alive",
  ...UI_STREAM_HEADERS,
};

/** Without a reason an error would be made for each answer, with a stack. */
const LEFT = "the client has left";

/** Sends a run's events after number `after` as server-sent events. A client that goes, or does not read, leaves the run as it is. */
export async function sendRun(reply: FastifyReply, run: ChatRun, after: number, times: StreamTimes): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  const gone = new AbortController();
  raw.once("close", () => gone.abort(LEFT));
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
  raw.writeHead(200, HEADERS);
  // The head leaves with what is there already; a reader that has to wait for an event gets it now.
  setImmediate(() => raw.writableEnded || raw.flushHeaders());
  const heartbeat = setInterval(() => {
    if (!raw.socket?.writableNeedDrain) raw.write(": still here\n\n");
  }, times.heartbeatMs);
  const pieces = pieceWriter(raw);
  try {
    for await (const batch of run.read(after, gone.signal)) {
      if (!pieces.write(batch.map(uiFrame).join("")) && !(await hasDrained(pieces, raw, times.stallMs))) break;
    }
    if (!gone.signal.aborted) raw.write(UI_STREAM_DONE);
  } finally {
    clearInterval(heartbeat);
    raw.end();
  }
}

/** False when the client is gone, or was cut off because it does not read. */
async function hasDrained(pieces: PieceWriter, raw: ServerResponse, stallMs: number): Promise<boolean> {
  const timer = setTimeout(() => raw.destroy(), stallMs);
  await pieces.drained();
  clearTimeout(timer);
  return !raw.destroyed;
}
