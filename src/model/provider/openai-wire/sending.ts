// One call of a server, from the request for a proof of who we are to the end of its answer.

import { FlowsteadError } from "../../../base/error/error.ts";
import type { AnswerHandler, Exchange } from "../../../network/http-exchange.ts";
import type { Headers } from "../../../network/retry-after.ts";
import { connectionFailure, type Upstream } from "./failure.ts";

/** Headers that prove who we are. */
export type Proof = Readonly<Record<string, string>>;
export type Authorize = (signal: () => AbortSignal, refused?: Proof) => Proof | Promise<Proof>;

export interface WireCall {
  method: "GET" | "POST";
  /** Below the base URL, with its query. */
  path: string;
  body?: unknown;
  /** A form instead of JSON. */
  form?: string;
  headers?: Record<string, string> | undefined;
}

export interface WireReader {
  onStart(status: number, headers: Headers): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  /** Once, instead of `onEnd`. */
  onError(error: FlowsteadError): void;
}

/** What the calls of a server have in common. */
export interface Way {
  upstream: Upstream;
  authorize: Authorize;
  start: (call: WireCall, handler: AnswerHandler, proof: Proof) => void;
}

export class Sending implements AnswerHandler {
  readonly #call: WireCall;
  readonly #reader: WireReader;
  readonly #way: Way;
  #isStopped = false;
  /** Only a proof that must be fetched hears of the stop. */
  #fetching: AbortController | undefined;
  #fetched: Proof | undefined;
  #isRenewed = false;
  /** What answered 401 and was given up for another try. */
  #refused: Exchange | undefined;
  #controller: Exchange | undefined;
  #hasBegun = false;
  #isStarting = true;

  constructor(call: WireCall, reader: WireReader, way: Way) {
    this.#call = call;
    this.#reader = reader;
    this.#way = way;
  }

  begin(): void {
    try {
      this.#send();
    } catch (thrown) {
      this.#fail(thrown as Error);
    }
    this.#isStarting = false;
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#halt();
    this.#controller?.abort(new Error("canceled"));
  }

  onRequestStart(started: Exchange): void {
    this.#controller = started;
    if (this.#isStopped) started.abort(new Error("canceled"));
  }

  onResponseStart(exchange: Exchange, status: number, headers: Headers): void {
    if (this.#isStopped) return;
    if (status === 401 && this.#fetched && !this.#isRenewed) {
      this.#isRenewed = true;
      this.#refused = exchange;
      exchange.abort(new Error("refused"));
      return this.#send(this.#fetched);
    }
    this.#hasBegun = true;
    this.#reader.onStart(status, headers);
  }

  onResponseData(exchange: Exchange, chunk: Buffer): void {
    if (!this.#isStopped && exchange !== this.#refused) this.#reader.onData(chunk);
  }

  onResponseEnd(exchange: Exchange): void {
    if (!this.#isStopped && exchange !== this.#refused) this.#reader.onEnd();
  }

  onResponseError(exchange: Exchange, error: Error): void {
    if (this.#refused === undefined || exchange !== this.#refused) this.#fail(error);
  }

  #send(before?: Proof): void {
    const { authorize, start } = this.#way;
    const proof = authorize(this.#signal, before);
    if (!(proof instanceof Promise)) return start(this.#call, this, proof);
    proof
      .then((found) => {
        this.#fetched = found;
        if (!this.#isStopped) start(this.#call, this, found);
      })
      .catch((thrown: Error) => this.#fail(thrown));
  }

  readonly #signal = (): AbortSignal => (this.#fetching ??= new AbortController()).signal;

  #fail(thrown: Error): void {
    // The caller has not got its way to stop the call yet.
    if (this.#isStarting) return queueMicrotask(() => this.#fail(thrown));
    if (this.#isStopped) return;
    this.#halt();
    const { upstream } = this.#way;
    this.#reader.onError(
      thrown instanceof FlowsteadError ? thrown : connectionFailure(upstream, thrown, this.#hasBegun),
    );
  }

  #halt(): void {
    this.#isStopped = true;
    this.#fetching?.abort();
  }
}
