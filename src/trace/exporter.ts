// Sends OTLP messages over HTTP: in batches, with retries, never in the way of what is traced.

import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { sleep } from "../base/abort.ts";
import type { Logger } from "../base/log.ts";
import type { Message } from "./otlp.ts";
import { encodeProtobuf } from "./protobuf.ts";

export interface ExportTarget {
  url: string;
  protocol: "http/protobuf" | "http/json";
  headers: Readonly<Record<string, string>>;
  timeoutMs: number;
  gzip: boolean;
}

/** Statuses that the standard wants tried again. */
const AGAIN = new Set([429, 502, 503, 504]);
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 500;

const compress = promisify(gzip);

/** Sends one message. Never rejects: what cannot be sent is logged and lost. @returns whether it arrived */
export async function sendOtlp(
  target: ExportTarget,
  message: Message,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<boolean> {
  const plain = target.protocol === "http/json" ? Buffer.from(JSON.stringify(message)) : encodeProtobuf(message);
  const body = target.gzip ? await compress(plain) : plain;
  let problem = "";
  let pauseMs = FIRST_PAUSE_MS;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const outcome = await post(target, body, signal);
    if (outcome === undefined) return true;
    problem = outcome.problem;
    if (!outcome.again || signal.aborted || attempt === ATTEMPTS) break;
    try {
      await sleep(outcome.afterMs ?? pauseMs, signal);
    } catch {
      break;
    }
    pauseMs *= 2;
  }
  log.warn({ url: target.url, problem }, "telemetry could not be sent");
  return false;
}

interface Failure {
  problem: string;
  again: boolean;
  afterMs?: number;
}

async function post(target: ExportTarget, body: Buffer, signal: AbortSignal): Promise<Failure | undefined> {
  try {
    const { request } = await import("undici"); // Here, since few programs export.
    const answer = await request(target.url, {
      method: "POST",
      headers: {
        ...target.headers,
        "content-type": target.protocol === "http/json" ? "application/json" : "application/x-protobuf",
        ...(target.gzip ? { "content-encoding": "gzip" } : {}),
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(target.timeoutMs)]),
    });
    await answer.body.dump();
    if (answer.statusCode < 300) return undefined;
    const after = Number(answer.headers["retry-after"]);
    return {
      problem: `the collector answered ${answer.statusCode}`,
      again: AGAIN.has(answer.statusCode),
      ...(after > 0 && after < 60 ? { afterMs: after * 1000 } : {}),
    };
  } catch (thrown) {
    return { problem: (thrown as Error).message || (thrown as Error).name, again: true };
  }
}
