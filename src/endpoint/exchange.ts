// One HTTP request and its answer on the plain `node:http` paths, where no framework stands in between.

import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";
import { FlowsteadError } from "../base/error/error.ts";
import { stringifyJson } from "../base/json.ts";
import type { ServedRequest, ServedResponse } from "../network/served-exchange.ts";
import { pieceWriter } from "./piece.ts";
import { type ScoreSink, publicError } from "./score.ts";

/** How long what still comes of a refused body is read away, so that a client that is writing gets to read why. */
const LINGER_MS = 5000;

/** The whole body as text in UTF-8. @throws FlowsteadError as `readBytes` does */
export function readBody(request: ServedRequest, limit: number): string | Promise<string> {
  const bytes = readBytes(request, limit);
  return Buffer.isBuffer(bytes) ? bytes.toString("utf8") : bytes.then((all) => all.toString("utf8"));
}

/** The whole body. @throws FlowsteadError `PayloadTooLarge` as soon as more than `limit` bytes are announced or have come. */
export function readBytes(request: ServedRequest, limit: number): Buffer | Promise<Buffer> {
  if ("whole" in request) {
    if (request.whole.length <= limit) return request.whole;
    throw new FlowsteadError("PayloadTooLarge", `The request body is larger than ${limit} bytes.`);
  }
  // Listeners, since the stream's own iterator costs as much as the rest of a small call.
  if (request.readableEnded) return Promise.resolve(Buffer.alloc(0));
  if (request.destroyed) return Promise.reject(LEFT);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let isRefused = false;
    const refuse = (): void => {
      isRefused = true;
      chunks.length = 0;
      reject(new FlowsteadError("PayloadTooLarge", `The request body is larger than ${limit} bytes.`));
      setTimeout(() => request.complete || request.destroy(), LINGER_MS).unref();
    };
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit && !isRefused) chunks.push(chunk);
      else if (!isRefused) refuse();
      else if (size > 2 * limit) request.destroy();
    });
    let isWhole = false;
    request.on("end", () => {
      isWhole = true;
      const [only] = chunks;
      resolve(chunks.length === 1 && only ? only : Buffer.concat(chunks, isRefused ? 0 : size));
    });
    request.on("error", reject);
    request.on("close", () => {
      // A refusal that comes too late is not free.
      if (!isWhole) reject(LEFT);
    });
    if (Number(request.headers["content-length"]) > limit) refuse();
  });
}

const LEFT = new FlowsteadError("Canceled", "The caller left.");

/** Aborts when the client goes away before the answer is complete. */
export function clientSignal(response: ServedResponse): AbortSignal {
  const controller = new AbortController();
  // One that left while something was waited for is told by no event any more.
  if (response.destroyed && !response.writableFinished) controller.abort(LEFT);
  response.once("close", () => {
    if (!response.writableFinished) controller.abort(LEFT);
  });
  return controller.signal;
}

const connections = new WeakMap<Socket, AbortSignal>();

/**
 * Aborts when the connection is closed: one signal for all its requests, made once. Only for work that is over when its
 * answer is: to anything that goes on longer, a client that has got its answer would seem to have left.
 */
export function connectionSignal({ socket }: ServedRequest): AbortSignal {
  let signal = connections.get(socket);
  if (!signal) {
    const controller = new AbortController();
    signal = controller.signal;
    // Requests may follow one another without waiting.
    setMaxListeners(0, signal);
    if (socket.destroyed) controller.abort(LEFT);
    else socket.once("close", () => controller.abort(LEFT));
    connections.set(socket, signal);
  }
  return signal;
}

/** Writes with back-pressure; a client that is gone ends the writing quietly. */
export function responseSink(response: ServedResponse, headers: Record<string, string> = {}): ScoreSink {
  const pieces = pieceWriter(response);
  return {
    send(status, more, text) {
      const length = Buffer.byteLength(text);
      response.writeHead(status, { ...headers, ...more, "content-length": length }).end(text);
    },
    head(status, more) {
      response.writeHead(status, { ...headers, ...more });
    },
    write(text) {
      return response.destroyed || pieces.write(text) ? undefined : pieces.drained();
    },
    end: () => {
      response.end();
    },
  };
}

export function sendJson(
  response: ServedResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = stringifyJson(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

/** Answers a failure in the public form; after the head has left, only the connection can be closed. */
export function sendError(
  response: ServedResponse,
  thrown: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const error = FlowsteadError.from(thrown).toBody();
  sendJson(response, error.status, { error: publicError(error) }, headers);
}
