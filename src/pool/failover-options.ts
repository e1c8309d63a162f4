import type { FlowsteadError } from "../base/error/error.ts";
import type { Judgement } from "./judge.ts";
import type { Pool } from "./pool.ts";
import type { RetryBudget } from "./retry-budget.ts";

export interface FailoverOptions<T, E> {
  pool: Pool<T>;
  /** The caller's; once aborted, no other member is tried and `Canceled` is thrown. */
  signal: AbortSignal;
  /** Starts the call on a member. The signal given here is also aborted when the attempt is given up. */
  attempt: (value: T, signal: AbortSignal) => AsyncIterable<E>;
  /**
   * Asked before `attempt`: a sequence that hears the caller's signal itself and that `return` stops at once, even while an
   * event is waited for. It saves a signal for each call.
   */
  direct?: (value: T) => AsyncIterable<E> | undefined;
  /** Whether this event binds the call to its member. */
  isCommitted: (event: E) => boolean;
  /** For sequences that end with an error event instead of throwing: the error of such an event. */
  failureOf?: (event: E) => FlowsteadError | undefined;
  /**
   * Given: events before the commit flow live, and a replacement first yields this, when something had been shown.
   * Absent: they are held back until the commit or the end, so a reader never sees those of an attempt given up.
   */
  restart?: (reason: FlowsteadError) => E;
  /** Whether a call that has not begun to answer moves as soon as its member is given up. Default true; false waits for the attempt's own end. */
  moveWhenLost?: boolean;
  judge?: (error: FlowsteadError) => Judgement;
  /** The error when no member is left; `last` is this call's last failure, `retryAfterMs` the smallest wait known. */
  exhausted: (state: { last?: FlowsteadError; retryAfterMs?: number }) => FlowsteadError;
  zone?: string;
  /** Longest time to wait in all for a member that cools down or is not ready yet. Default 0. */
  waitMs?: number;
  /** How often each member may be tried, apart from waiting for a cooldown. Default 1. */
  rounds?: number;
  /** Shared by the calls of a pool; a call whose failure finds it empty ends with that failure. */
  budget?: RetryBudget;
  /** Pause before another round. Default 200. */
  backoffMs?: number;
}
