// One upstream server over HTTP/1.1: sockets are pooled, an abort closes the socket at once, and what arrives is handed
// over as it comes.

import { FlowsteadError } from "../../../base/error/error.ts";
import { httpClient } from "../../../network/http-client.ts";
import type { AnswerHandler } from "../../../network/http-exchange.ts";
import type { Upstream } from "./failure.ts";
import { type Authorize, type Proof, Sending, type WireCall, type WireReader } from "./sending.ts";
import type { Headers } from "../../../network/retry-after.ts";

export type { WireCall } from "./sending.ts";

export interface WireClientOptions {
  /** Such as `https://api.example.com/v1`. */
  baseUrl: string;
  keySource: string;
  secret?: string;
  /**
   * Headers that prove who we are; asked for each call, since tokens expire. A fetch may take the call's signal. What was
   * fetched and is `refused` with 401 is asked for once more.
   */
  authorize: Authorize;
  connectMs?: number;
}

export interface WireClient {
  readonly upstream: Upstream;
  /** Starts a call; the function returned closes its connection. The reader hears nothing after that. */
  send(call: WireCall, reader: WireReader): () => void;
  /** A call whose answer is read whole. @throws FlowsteadError when there is no answer within `timeoutMs`. */
  read(
    call: WireCall,
    options: { signal: AbortSignal; timeoutMs: number },
  ): Promise<{ status: number; headers: Headers; body: string }>;
  close(): Promise<void>;
}

export function wireClient(options: WireClientOptions): WireClient {
  const { keySource, secret, authorize, connectMs = 10_000 } = options;
  const base = parseBase(options.baseUrl);
  const prefix = base.pathname.replace(/\/+$/, "");
  const upstream: Upstream = {
    host: `${base.hostname}:${base.port || (base.protocol === "https:" ? "443" : "80")}`,
    url: `${base.origin}${prefix}`,
    keySource,
    secret: secret || undefined,
  };
  // A stream holds its socket to its end: as many as an instance may have open. Deadlines belong to the caller, who knows
  // tokens from bytes.
  const pool = httpClient(base.origin, { connections: 16_384, timeoutMs: connectMs });

  /** Of calls with a JSON body and no headers of their own, for as long as the proof is the same. */
  let usual: { proof: Proof; headers: Proof } | undefined;

  function headersOf(call: WireCall, proof: Proof): Proof {
    const isUsual =
      call.form === undefined && call.body !== undefined && call.headers === undefined && Object.isFrozen(proof);
    if (isUsual && usual?.proof === proof) return usual.headers;
    const headers: Record<string, string> = {
      accept: "application/json, text/event-stream",
      "user-agent": "flowstead",
      ...call.headers,
    };
    if (call.body !== undefined) headers["content-type"] = "application/json";
    if (call.form !== undefined) headers["content-type"] = "application/x-www-form-urlencoded";
    Object.assign(headers, proof);
    if (isUsual) usual = { proof, headers: Object.freeze(headers) };
    return headers;
  }

  function start(call: WireCall, handler: AnswerHandler, proof: Proof): void {
    const body = call.form ?? (call.body === undefined ? null : JSON.stringify(call.body));
    pool.dispatch({ method: call.method, path: prefix + call.path, headers: headersOf(call, proof), body }, handler);
  }

  const way = { upstream, authorize, start };
  const client: WireClient = {
    upstream,
    send(call, reader) {
      const sending = new Sending(call, reader, way);
      sending.begin();
      return () => sending.stop();
    },
    read(call, { signal, timeoutMs }) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(new FlowsteadError("Canceled", "The call was canceled."));
        let status = 0;
        let headers: Headers = {};
        const parts: Buffer[] = [];
        const stop = client.send(call, {
          onStart: (code, received) => {
            status = code;
            headers = received;
          },
          onData: (chunk) => parts.push(chunk),
          onEnd: () => settle(() => resolve({ status, headers, body: Buffer.concat(parts).toString("utf8") })),
          onError: (error) => settle(() => reject(error)),
        });
        const timer = setTimeout(
          () => give("ModelTimeout", `${upstream.host} did not answer within ${timeoutMs} ms.`),
          timeoutMs,
        );
        const onAbort = (): void => give("Canceled", "The call was canceled.");
        function settle(then: () => void): void {
          clearTimeout(timer);
          signal.removeEventListener("abort", onAbort);
          then();
        }
        function give(code: "ModelTimeout" | "Canceled", message: string): void {
          stop();
          settle(() => reject(new FlowsteadError(code, message)));
        }
        signal.addEventListener("abort", onAbort, { once: true });
      });
    },
    close: () => pool.close(),
  };
  return client;
}

function parseBase(baseUrl: string): URL {
  let base: URL | undefined;
  try {
    base = new URL(baseUrl);
  } catch {
    // Told below, together with other protocols.
  }
  if (base?.protocol !== "http:" && base?.protocol !== "https:") {
    throw new FlowsteadError(
      "InvalidConfig",
      `"${baseUrl}" is not a base URL of a model server. Write it like https://host/v1 or http://127.0.0.1:11434/v1.`,
    );
  }
  return base;
}
