// How a server is called on hot paths: a request is handed in, and a handler hears of its answer as it comes.

import type { ConnectionOptions } from "node:tls";
import type { Headers } from "./retry-after.ts";

/** Whoever is told of one answer: the head, the body as it comes, then the end or the failure. */
export interface AnswerHandler {
  /** At once, before anything is sent. */
  onRequestStart(exchange: Exchange): void;
  onResponseStart(exchange: Exchange, status: number, headers: Headers): void;
  onResponseData(exchange: Exchange, bytes: Buffer): void;
  onResponseEnd(exchange: Exchange): void;
  /** Instead of the end, whatever has come; also after `abort`. */
  onResponseError(exchange: Exchange, error: Error): void;
}

/** A request that has been handed in, until its answer is whole. */
export interface Exchange {
  readonly paused: boolean;
  pause(): void;
  resume(): void;
  /** Closes the connection, or leaves the queue for one. */
  abort(reason: Error): void;
}

export interface HttpClientOptions {
  /** Most connections at once; further requests wait for one. */
  connections: number;
  /** Of making a connection. */
  timeoutMs: number;
  socketPath?: string | undefined;
  /** Besides the server's name, for `https`. */
  tls?: ConnectionOptions;
}

export interface HttpRequest {
  method: string;
  /** With its query. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string | Buffer | null;
}

export interface HttpClient {
  /** @throws TypeError for a path or a header that would break the request. */
  dispatch(request: HttpRequest, handler: AnswerHandler): void;
  /** Takes no further requests, lets those in work end. */
  close(): Promise<void>;
}
