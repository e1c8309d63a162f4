// Streams that stay open after their first token, and what each of them costs in memory.

import { readFile } from "node:fs/promises";
import type { Dispatcher, Pool } from "undici";
import type { Program } from "./program.ts";
import { quantiles, round } from "./statistic.ts";

export interface HeldCall {
  path: string;
  headers: Record<string, string>;
  body: string;
  /** What the answer holds once its first token is there. */
  opened: string;
}

const SCORE: HeldCall = {
  path: "/score",
  headers: {},
  body: JSON.stringify({ question: "HOLD", chat_history: [] }),
  opened: '{"answer"',
};
/** So many begin at a time. */
const BATCH = 200;
/** Kept free for what else a process opens. */
const OTHER_FILES = 500;

export interface HeldStreams {
  streams: number;
  /** Growth of resident memory for each, with what the two sockets cost in the process. */
  kbPerStream: number | undefined;
  firstMs: { p50: number; p99: number };
}

export async function holdStreams(
  { program, pool, call = SCORE }: { program: Pick<Program, "memoryKb">; pool: Pool; call?: HeldCall },
  count: number,
  signal: AbortSignal,
): Promise<HeldStreams> {
  const before = await program.memoryKb();
  const held: Dispatcher.DispatchController[] = [];
  const firstMs: number[] = [];
  for (let begun = 0; begun < count; begun += BATCH) {
    signal.throwIfAborted();
    const batch = Math.min(BATCH, count - begun);
    firstMs.push(...(await Promise.all(Array.from({ length: batch }, () => hold(pool, call, held)))));
  }
  const after = await program.memoryKb();
  for (const controller of held) controller.abort(new Error("measured"));
  return {
    streams: count,
    kbPerStream: before === undefined || after === undefined ? undefined : round((after - before) / count),
    firstMs: quantiles(firstMs),
  };
}

/** How many streams the limit of open files lets one process hold: each has a socket to its caller and one to the model. */
export async function mostStreams(): Promise<number> {
  const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
  const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
  return Math.floor((files - OTHER_FILES) / 2);
}

function hold(
  pool: Pool,
  { path, headers: own, body, opened }: HeldCall,
  held: Dispatcher.DispatchController[],
): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    let text = "";
    let isOpen = false;
    const headers = { "content-type": "application/json", accept: "text/event-stream", ...own };
    pool.dispatch(
      { path, method: "POST", headers, body },
      {
        onRequestStart: (controller) => void held.push(controller),
        onResponseData(_controller, chunk) {
          text += chunk.toString("utf8");
          if (isOpen || !text.includes(opened)) return;
          isOpen = true;
          resolve(performance.now() - began);
        },
        onResponseEnd: () => reject(new Error(`A stream ended: ${text.slice(0, 300)}`)),
        onResponseError: (_controller, error) => {
          if (!isOpen) reject(error);
        },
      },
    );
  });
}
