// The failover rule, written once: a member may be replaced until the first committed event has left; from then on a
// failure is a failure, never a silent second answer.

import { throwIfAborted } from "../base/abort.ts";
import { FlowsteadError } from "../base/error/error.ts";
import { Attempt } from "./attempt.ts";
import type { FailoverOptions } from "./failover-options.ts";
import { judgeByTable } from "./judge.ts";
import { Search } from "./search.ts";

export type { FailoverOptions } from "./failover-options.ts";

/**
 * Calls members of the pool until one answers. Every call in flight has a lease that ends here, on every path.
 * @throws FlowsteadError what `exhausted` returns, the failure of an attempt that may not move, or `Canceled`.
 */
export async function* failover<T, E>(options: FailoverOptions<T, E>): AsyncGenerator<E, void, undefined> {
  const { signal, moveWhenLost = true, restart, isCommitted, failureOf, budget, judge = judgeByTable } = options;
  const search = new Search(options);
  let last: FlowsteadError | undefined;
  let shown = false;
  budget?.call();
  for (;;) {
    if (last && budget && !budget.allows()) throw last;
    const found = search.next(last);
    const lease = found instanceof Promise ? await found : found;
    if (last && shown && restart) {
      shown = false;
      yield restart(last);
    }
    const held: E[] = [];
    let committed = false;
    let failure: FlowsteadError | undefined;
    const attempt = new Attempt(lease, options);
    try {
      for (;;) {
        const result = committed || !moveWhenLost ? await attempt.next() : await attempt.nextUnlessLost();
        if (result.done) break;
        const event = result.value;
        failure = failureOf?.(event);
        if (failure) {
          if (committed || !judge(failure).move || signal.aborted) {
            for (const early of held) yield early;
            yield event;
            return;
          }
          break;
        }
        if (!committed && isCommitted(event)) {
          committed = true;
          for (const early of held) yield early;
          held.length = 0;
        }
        if (committed || restart) {
          shown = true;
          yield event;
        } else held.push(event);
      }
      if (!failure) {
        attempt.succeeded = true;
        for (const early of held) yield early;
        return;
      }
    } catch (thrown) {
      failure = FlowsteadError.from(thrown);
      throwIfAborted(signal);
      const moves = (moveWhenLost && attempt.wasLost) || judge(failure).move;
      if (committed || !moves) throw failure;
    } finally {
      attempt.close(failure, committed, judge);
    }
    last = failure;
  }
}

/** `failover` for a call that gives one result instead of a sequence. */
export async function failoverCall<T, R>(
  options: Omit<FailoverOptions<T, R>, "attempt" | "isCommitted" | "failureOf" | "restart"> & {
    attempt: (value: T, signal: AbortSignal) => Promise<R>;
  },
): Promise<R> {
  const { attempt } = options;
  async function* once(value: T, signal: AbortSignal): AsyncGenerator<R> {
    yield await attempt(value, signal);
  }
  for await (const result of failover<T, R>({ ...options, attempt: once, isCommitted: () => true })) return result;
  throw new FlowsteadError("Unexpected", "A member answered a call with nothing.");
}
