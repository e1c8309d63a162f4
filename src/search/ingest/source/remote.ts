// Reading over HTTP from a store of objects: retried, limited in size, and never taken for whole when it was cut short.

import type { Dispatcher } from "undici";
import { sleep, throwIfAborted } from "../../../base/abort.ts";
import { FlowsteadError } from "../../../base/error/error.ts";

export interface RemoteCall {
  url: URL;
  /** Headers of one attempt: a signature holds the time. */
  headers(signal: AbortSignal, refused?: string): Record<string, string> | Promise<Record<string, string>>;
  /** Whether a bearer token that is refused with 401 is replaced by a new one, once. */
  renews: boolean;
  /** More bytes than this are not read. */
  limit: number;
}

export interface RemoteAnswer {
  status: number;
  header(name: string): string | undefined;
  body: Uint8Array;
}

export interface Remote {
  /** The answer, also of a status that says no; retried while the server is busy or the line breaks. */
  get(call: RemoteCall, signal: AbortSignal): Promise<RemoteAnswer>;
  close(): Promise<void>;
}

const ATTEMPTS = 4;
const PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 20_000;
const IDLE_MS = 60_000;

export async function openRemote(): Promise<Remote> {
  // Loaded only where a store is read: most commands never do.
  const { Agent, request } = await import("undici");
  const agent = new Agent({ headersTimeout: IDLE_MS, bodyTimeout: IDLE_MS });
  const once = async (
    { url, limit }: RemoteCall,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<RemoteAnswer> => {
    const answer = await request(url, { method: "GET", headers, dispatcher: agent, signal });
    const header = (name: string): string | undefined => {
      const found = answer.headers[name];
      return Array.isArray(found) ? found[0] : found;
    };
    const body = await readBody(answer.body, limit);
    const declared = Number(header("content-length") ?? body.length);
    if (body.length !== declared) throw new Error(`${body.length} of ${declared} bytes came`);
    return { status: answer.statusCode, header, body };
  };
  return {
    async get(call, signal) {
      let refused: string | undefined;
      for (let attempt = 1; ; attempt++) {
        throwIfAborted(signal);
        const headers = await call.headers(signal, refused);
        let pause = PAUSE_MS * 2 ** attempt * (0.5 + Math.random());
        try {
          const answer = await once(call, headers, signal);
          if (answer.status === 401 && call.renews && refused === undefined) {
            refused = (headers["authorization"] ?? "").replace(/^Bearer /, "");
            continue;
          }
          if (!isBusy(answer.status) || attempt === ATTEMPTS) return answer;
          pause = Math.max(pause, Number(answer.header("retry-after") ?? 0) * 1000 || 0);
        } catch (thrown) {
          throwIfAborted(signal);
          if (thrown instanceof FlowsteadError) throw thrown;
          if (attempt === ATTEMPTS) throw unreachable(call.url, thrown);
        }
        await sleep(Math.min(pause, LONGEST_PAUSE_MS), signal);
      }
    },
    close: () => agent.close(),
  };
}

function isBusy(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

async function readBody(body: Dispatcher.ResponseData["body"], limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > limit) {
      throw new FlowsteadError("DocumentTooLarge", `More than ${limit} bytes came, which is the limit.`);
    }
    parts.push(part);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The address without its query, which may hold a signature. */
function unreachable(url: URL, thrown: unknown): FlowsteadError {
  const { code, message } = thrown as NodeJS.ErrnoException;
  return new FlowsteadError(
    "SourceUnavailable",
    `${url.origin}${url.pathname} could not be read (${code ?? message}), after ${ATTEMPTS} attempts. Add the source again later.`,
    { cause: thrown },
  );
}
