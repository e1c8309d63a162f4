// A service that is called with JSON over HTTP: sockets are pooled, and what it is too busy for is asked again when it says
// so. Calls that must not be made twice say so by `attempts`.

import type { Dispatcher } from "undici";
import { sleep, throwIfAborted } from "../base/abort.ts";
import { FlowsteadError } from "../base/error/error.ts";
import type { ErrorCode } from "../base/error/error.ts";
import { pinned } from "./certificate.ts";
import { Pool } from "./http-pool.ts";
import { type Headers, retryAfterMs } from "./retry-after.ts";

export interface HttpServiceOptions {
  /** With a path where the service lies below one; without key or password. */
  url: string;
  /** What it is called in messages, and the code of its failures. */
  peer: string;
  failure: ErrorCode;
  /** Headers that prove who we are, asked for each call. */
  authorize: (signal: AbortSignal) => Record<string, string> | Promise<Record<string, string>>;
  /** Certificates to trust besides the system's, as PEM. */
  ca?: string | undefined;
  /** PEM of the one certificate that the service may show. */
  certificate?: string | undefined;
  timeoutMs?: number;
  /** How often a call is made at most; once for calls that must not be made twice. */
  attempts?: number;
}

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "DELETE" | "HEAD";
  /** Below the address, with its query. */
  path: string;
  /** Sent as JSON; a text is sent as it is. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  status: number;
  headers: Headers;
  text: string;
}

export interface HttpService {
  /** Any status is an answer, also 429 and 503 once the attempts are used up. @throws when there is none, or `Canceled`. */
  call(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

const ATTEMPTS = 6;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 30_000;
const BUSY = [429, 502, 503, 504];

export function httpService(options: HttpServiceOptions): HttpService {
  const { peer, failure, authorize, timeoutMs = 60_000, attempts = ATTEMPTS } = options;
  const base = new URL(options.url);
  const prefix = base.pathname.replace(/\/+$/, "");
  const pool = new Pool(base.origin, {
    connections: 64,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: {
      timeout: 10_000,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...(options.certificate === undefined ? {} : pinned(options.certificate)),
    },
  });

  const once = async (request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> => {
    const headers: Record<string, string> = { accept: "application/json", "user-agent": "flowstead" };
    if (request.body !== undefined) headers["content-type"] = "application/json";
    Object.assign(headers, request.headers, await authorize(signal));
    const body = request.body === undefined ? null : textOf(request.body);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => controller?.abort(new Error("canceled"));
      const done = (): void => signal.removeEventListener("abort", onAbort);
      const parts: Buffer[] = [];
      let controller: Dispatcher.DispatchController | undefined;
      let status = 0;
      let received: Headers = {};
      signal.addEventListener("abort", onAbort, { once: true });
      pool.dispatch(
        { method: request.method, path: prefix + request.path, headers, body },
        {
          onRequestStart(started) {
            controller = started;
            if (signal.aborted) onAbort();
          },
          onResponseStart(_, code, given) {
            status = code;
            received = given;
          },
          onResponseData: (_, chunk) => void parts.push(chunk),
          onResponseEnd() {
            done();
            resolve({ status, headers: received, text: Buffer.concat(parts).toString("utf8") });
          },
          onResponseError(_, error) {
            done();
            reject(
              signal.aborted
                ? new FlowsteadError("Canceled", "The work was canceled.")
                : new FlowsteadError(failure, `${peer} at ${base.host} does not answer: ${error.message}.`, {
                    cause: error,
                    retryable: true,
                  }),
            );
          },
        },
      );
    });
  };

  return {
    async call(request) {
      const signal = request.signal ?? new AbortController().signal;
      for (let attempt = 1; ; attempt++) {
        throwIfAborted(signal);
        let wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1) * (1 + Math.random()));
        try {
          const answer = await once(request, signal);
          if (!BUSY.includes(answer.status) || attempt === attempts) return answer;
          wait = Math.min(LONGEST_WAIT_MS, retryAfterMs(answer.headers) ?? wait);
        } catch (thrown) {
          // A socket that had been idle may have been closed at the other end; a server that is gone is told soon.
          const isFinal =
            !(thrown instanceof FlowsteadError) || thrown.code !== failure || attempt >= Math.min(2, attempts);
          if (isFinal) throw thrown;
        }
        await sleep(wait, signal);
      }
    },
    close: () => pool.close(),
  };
}

function textOf(body: unknown): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}
