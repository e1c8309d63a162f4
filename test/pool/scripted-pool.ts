// A pool whose members do as they are told, and what calls of it gave.

import assert from "node:assert/strict";
import { FlowsteadError, type ErrorOptions } from "../../src/base/error/error.ts";
import { failover, type FailoverOptions } from "../../src/pool/failover.ts";
import { createPool, type PoolOptions } from "../../src/pool/pool.ts";

export type Script = (signal: AbortSignal) => AsyncIterable<string>;
export const retryable = (options: ErrorOptions = {}): FlowsteadError =>
  new FlowsteadError("InstanceUnavailable", "down", { retryable: true, ...options });

export async function* say(...events: string[]): AsyncGenerator<string> {
  yield* events;
}
export async function* failAfter(error: Error, ...events: string[]): AsyncGenerator<string> {
  yield* events;
  throw error;
}

/** A pool whose members are tried in the order of their names, and a record of who was called. */
export function setUp(
  scripts: Record<string, Script[]>,
  options: Partial<FailoverOptions<string, string>> = {},
  more = {},
) {
  const calls: string[] = [];
  const names = Object.keys(scripts);
  const pool = createPool<string>({
    members: names.map((id, priority) => ({ id, value: id, priority })),
    ...(more as PoolOptions<string>),
  });
  const run = (signal: AbortSignal = new AbortController().signal): AsyncGenerator<string> =>
    failover<string, string>({
      pool,
      signal,
      attempt: (id, signal) => {
        calls.push(id);
        const script = scripts[id]?.shift();
        assert.ok(script, `no script left for ${id}`);
        return script(signal);
      },
      isCommitted: (event) => event.startsWith("text"),
      exhausted: ({ last, retryAfterMs }) =>
        new FlowsteadError("TooManyRequests", `exhausted after ${last?.message ?? "nothing"}`, {
          retryAfterMs,
        }),
      ...options,
    });
  return { pool, calls, run };
}

export async function collect(events: AsyncIterable<string>): Promise<{ got: string[]; error?: FlowsteadError }> {
  const got: string[] = [];
  try {
    for await (const event of events) got.push(event);
    return { got };
  } catch (thrown) {
    return { got, error: FlowsteadError.from(thrown) };
  }
}
