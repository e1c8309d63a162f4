// Answers to what is no request: written by hand, since there is nothing that a response could belong to.

import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

const STATUSES: Readonly<Record<string, [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "The head of the request is too large: 16 KiB at most."],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, "The request has chunk extensions that are too large."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request did not come in time."],
};
const MALFORMED: [number, string] = [400, "This is not a request of HTTP/1.1."];

/** For the parser's own refusals: what cannot be read for sure is read by nobody, and ends the connection. */
export function refuseMalformed(error: { code?: string }, socket: Socket): void {
  const { _httpMessage: answer } = socket as { _httpMessage?: { headersSent: boolean } };
  // An earlier request of the connection is being answered: words in between would be taken for that answer's.
  if (error.code === "ECONNRESET" || !socket.writable || answer?.headersSent) {
    socket.destroy();
    return;
  }
  const [status, message] = STATUSES[error.code ?? ""] ?? MALFORMED;
  socket.end(rawAnswer(status, message), () => socket.destroy());
}

/** A whole answer that ends its connection. */
export function rawAnswer(status: number, message: string): string {
  const body = JSON.stringify({ error: { code: "InvalidRequest", message } });
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
    "",
    body,
  ].join("\r\n");
}
