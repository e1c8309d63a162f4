// Calls of the three-node flow's `/score`, so many at a time, and what they take: time to the first text, whole time, CPU.

import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";
import type { Program } from "./program.ts";

const ACCEPT = { json: "application/json", sse: "text/event-stream" } as const;
export type Format = keyof typeof ACCEPT;

/** A server under load. */
export interface ScoredSide<Name extends string = string> {
  name: Name;
  program: Program;
  pool: Pool;
}

export function scoredSide<Name extends string>(name: Name, program: Program): ScoredSide<Name> {
  const pool = new Pool(program.found, { connections: 16_384, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  return { name, program, pool };
}

export interface Sample {
  firstMs: number[];
  totalMs: number[];
  cpuMs: number;
  seconds: number;
}

/** So many requests, so many at a time; every answer must be whole. */
export async function scoreLoad(
  { name, program, pool }: ScoredSide,
  { format, concurrency, requests }: { format: Format; concurrency: number; requests: number },
  signal: AbortSignal,
): Promise<Sample> {
  const firstMs: number[] = [];
  const totalMs: number[] = [];
  const before = await program.cpuMs();
  const began = performance.now();
  let left = requests;
  const worker = async (number: number): Promise<void> => {
    // People do not all come in one millisecond; what follows is as it comes.
    await delay((number * 50) / concurrency);
    while (left-- > 0) {
      signal.throwIfAborted();
      const timed = await call(pool, format);
      if (
        !(format === "json" ? timed.body.trimEnd().endsWith("}") : timed.body.endsWith("}\n\n")) ||
        !timed.body.includes("Asked: How many days?")
      )
        throw new Error(`The ${name} gave another answer: ${timed.body.slice(-300)}`);
      firstMs.push(timed.firstMs);
      totalMs.push(timed.totalMs);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, number) => worker(number)));
  const seconds = (performance.now() - began) / 1000;
  return { firstMs, totalMs, cpuMs: ((await program.cpuMs()) ?? Number.NaN) - (before ?? 0), seconds };
}

const BODY = JSON.stringify({ question: "How many days?", chat_history: [] });

interface Timed {
  /** To the first byte of the answer's text: of a stream, what follows the plain fields. */
  firstMs: number;
  totalMs: number;
  body: string;
}

function call(pool: Pool, format: Format): Promise<Timed> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    let firstMs: number | undefined;
    let status = 0;
    let body = "";
    const isFirst = (): boolean => format === "json" || body.includes('{"answer"');
    const headers = { "content-type": "application/json", accept: ACCEPT[format] };
    pool.dispatch(
      { path: "/score", method: "POST", headers, body: BODY },
      {
        onRequestStart() {},
        onResponseStart(_controller, code) {
          status = code;
        },
        onResponseData(_controller, chunk) {
          body += chunk.toString("utf8");
          if (firstMs === undefined && isFirst()) firstMs = performance.now() - began;
        },
        onResponseEnd() {
          const totalMs = performance.now() - began;
          if (status === 200) resolve({ firstMs: firstMs ?? totalMs, totalMs, body });
          else reject(new Error(`${status} ${body.slice(0, 300)}`));
        },
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}
