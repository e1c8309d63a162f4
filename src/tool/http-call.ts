// HTTP calls that tools make to the services behind their connections.

import { FlowsteadError } from "../base/error/error.ts";
import type { Value } from "../base/value.ts";
import { parseJson } from "../base/json.ts";
import { retryAfterMs } from "../network/retry-after.ts";

export interface HttpCall {
  method: "GET" | "POST";
  url: string;
  headers?: Record<string, string>;
  /** JSON text. */
  body?: string;
}

export interface HttpAnswer {
  status: number;
  text: string;
  /** When the service says that it may be asked again. */
  retryAfterMs: number | undefined;
}

const TIMEOUT_MS = 100_000;
const LIMIT_BYTES = 32 * 2 ** 20;

/**
 * One call, its answer read whole. Redirects are not followed: they would take the key elsewhere.
 * @throws FlowsteadError `ServiceCallFailed` when there is no answer, `Canceled`.
 */
export async function callHttp(
  { method, url, headers = {}, body }: HttpCall,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const host = hostOf(url);
  try {
    const { request } = await import("undici"); // Here, since few flows have such a call.
    const answer = await request(url, {
      method,
      headers: { accept: "application/json", "user-agent": "flowstead", ...headers },
      ...(body === undefined ? {} : { body }),
      signal,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LIMIT_BYTES) throw new Error(`the answer is larger than ${LIMIT_BYTES} bytes`);
      chunks.push(chunk);
    }
    return {
      status: answer.statusCode,
      text: Buffer.concat(chunks).toString("utf8"),
      retryAfterMs: retryAfterMs(answer.headers),
    };
  } catch (thrown) {
    if (signal.aborted) throw new FlowsteadError("Canceled", "The work was canceled.", { cause: thrown });
    const { message, code = "" } = thrown as Error & { code?: string };
    throw new FlowsteadError("ServiceCallFailed", `The service at ${host} cannot be called: ${message || code}.`, {
      cause: thrown,
      details: { host },
    });
  }
}

/** The JSON of an answer, or undefined when it is none. */
export function jsonOf(text: string): Value | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    throw new FlowsteadError("InvalidConnection", `"${url}" is no address. Write it with http:// or https://.`);
  }
}
