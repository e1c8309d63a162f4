// One HTTP hop to a process of ours, or to a server that speaks our contracts: JSON calls and streams of JSON lines,
// over a Unix socket or a URL.

import { throwIfAborted } from "../base/abort.ts";
import { FlowsteadError } from "../base/error/error.ts";
import type { ErrorCode } from "../base/error/error.ts";
import { parseJson, stringifyJson } from "../base/json.ts";
import { AsyncQueue } from "../base/queue.ts";
import type { Value } from "../base/value.ts";
import { pinned } from "./certificate.ts";
import { httpClient } from "./http-client.ts";
import type { AnswerHandler, Exchange } from "./http-exchange.ts";

export interface HopAddress {
  /** A Unix socket; `url` then only gives the Host header. */
  socketPath?: string;
  url: string;
  /** Sent as a bearer token. */
  token?: string;
  /** PEM of the one certificate that the peer may show. */
  certificate?: string | undefined;
}

export interface Hop {
  /** POSTs JSON and returns the JSON answer, GETs when `body` is undefined. @throws what the peer answered, or `unreachable`. */
  json(path: string, body: unknown, signal?: AbortSignal): Promise<Value>;
  /** POSTs JSON and yields the answer's JSON lines. Leaving the loop or aborting closes the request. */
  lines(
    path: string,
    body: unknown,
    options: { signal: AbortSignal; headers?: Record<string, string> },
  ): AsyncIterable<Value>;
  close(): Promise<void>;
}

export interface HopOptions {
  /** Error codes for a peer that cannot be reached, and for one that is lost in the middle. */
  unreachable: ErrorCode;
  lost: ErrorCode;
  /** What the peer is called in messages. */
  peer: string;
  connections?: number;
}

// Chunks that wait for a slow reader before the socket is paused.
const HIGH_WATER = 64;
const LOW_WATER = 8;

export function openHop(address: HopAddress, options: HopOptions): Hop {
  const pool = httpClient(new URL(address.url).origin, {
    connections: options.connections ?? 256,
    timeoutMs: 5_000,
    socketPath: address.socketPath,
    ...(address.certificate ? { tls: pinned(address.certificate) } : {}),
  });
  const prefix = new URL(address.url).pathname.replace(/\/$/, "");

  const send = (
    path: string,
    body: unknown,
    extra: { signal?: AbortSignal; headers?: Record<string, string> },
  ): Response => {
    const queue = new AsyncQueue<Buffer>(() => response.abort());
    const response = new Response(queue, options);
    const headers: Record<string, string> = { "content-type": "application/json", ...extra.headers };
    if (address.token) headers.authorization = `Bearer ${address.token}`;
    const signal = extra.signal;
    if (signal?.aborted) response.cancel();
    else {
      const onAbort = (): void => response.cancel();
      signal?.addEventListener("abort", onAbort, { once: true });
      response.onDone = () => signal?.removeEventListener("abort", onAbort);
      pool.dispatch(
        {
          path: prefix + path,
          method: body === undefined ? "GET" : "POST",
          headers,
          body: body === undefined ? null : stringifyJson(body),
        },
        response,
      );
    }
    return response;
  };

  return {
    async json(path, body, signal) {
      const response = send(path, body, { signal });
      const chunks: Buffer[] = [];
      for await (const chunk of response.queue) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString("utf8");
      if (response.status >= 400) throw peerError(text, response.status, options);
      return text === "" ? null : parseJson(text);
    },
    async *lines(path, body, extra) {
      const response = send(path, body, extra);
      let rest = "";
      const decoder = new TextDecoder();
      for await (const chunk of response.queue) {
        if (response.queue.size <= LOW_WATER) response.resume();
        rest += decoder.decode(chunk, { stream: true });
        if (response.status >= 400) continue;
        let from = 0;
        for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n", from)) {
          throwIfAborted(extra.signal); // One read may hold several lines, and the reader may stop at the first.
          if (end > from) yield parseJson(rest.slice(from, end));
          from = end + 1;
        }
        rest = rest.slice(from);
      }
      if (response.status >= 400) throw peerError(rest, response.status, options);
    },
    close: () => pool.close(),
  };
}

/** Feeds one answer's bytes into a queue. */
class Response implements AnswerHandler {
  readonly queue: AsyncQueue<Buffer>;
  status = 0;
  onDone: () => void = () => {};
  #controller: Exchange | undefined;
  #canceled = false;
  readonly #options: HopOptions;

  constructor(queue: AsyncQueue<Buffer>, options: HopOptions) {
    this.queue = queue;
    this.#options = options;
  }

  onRequestStart(controller: Exchange): void {
    this.#controller = controller;
    if (this.#canceled) this.abort();
  }

  onResponseStart(_controller: Exchange, status: number): void {
    this.status = status;
  }

  onResponseData(controller: Exchange, chunk: Buffer): void {
    // A parser that is resumed with nothing to read hands over an empty chunk.
    if (chunk.length > 0) this.queue.push(chunk);
    if (this.queue.size >= HIGH_WATER) controller.pause();
  }

  onResponseEnd(): void {
    this.onDone();
    this.queue.end();
  }

  onResponseError(_controller: Exchange, error: Error): void {
    this.onDone();
    if (this.#canceled) return this.queue.fail(new FlowsteadError("Canceled", "The work was canceled."));
    const { lost, unreachable, peer } = this.#options;
    const failure =
      this.status === 0
        ? new FlowsteadError(unreachable, `${peer} cannot be reached: ${error.message}`, { cause: error })
        : new FlowsteadError(lost, `${peer} ended in the middle of its answer: ${error.message}`, { cause: error });
    this.queue.fail(failure);
  }

  /** The caller's signal: the reader learns it at once. */
  cancel(): void {
    this.#canceled = true;
    this.queue.fail(new FlowsteadError("Canceled", "The work was canceled."));
    this.abort();
  }

  abort(): void {
    this.#canceled = true;
    this.#controller?.abort(new Error("the reader left"));
  }

  resume(): void {
    if (this.#controller?.paused) this.#controller.resume();
  }
}

function peerError(text: string, status: number, options: HopOptions): FlowsteadError {
  try {
    const { error } = JSON.parse(text) as { error?: Parameters<typeof FlowsteadError.fromBody>[0] };
    if (error?.code && error.message) return FlowsteadError.fromBody(error);
  } catch {
    // Not an answer of ours; reported below as it came.
  }
  return new FlowsteadError(options.lost, `${options.peer} answered ${status}: ${text.slice(0, 200)}`);
}
