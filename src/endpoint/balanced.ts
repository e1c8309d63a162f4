import { FlowsteadError } from "../base/error/error.ts";
import type { FlowEvent } from "../flow/event.ts";
import type { FlowCall, FlowSignature, Target } from "../flow/target.ts";
import { failover, failoverCall } from "../pool/failover.ts";
import type { Judgement } from "../pool/judge.ts";
import type { Pool } from "../pool/pool.ts";

export interface BalancedTargetOptions {
  pool: Pool<Target>;
  /** Zone of the caller; members there are preferred. */
  zone?: string;
  /** Longest wait for a member to become ready when none is. */
  waitMs: number;
  /** What the members are called in messages. */
  noun: string;
  /** Called when a call moves to another member. */
  onRetry?: () => void;
}

/** A target over a pool of targets: least busy first, and another one for a call whose text has not begun. */
export function balancedTarget({ pool, zone, waitMs, noun, onRetry }: BalancedTargetOptions): Target {
  const exhausted = ({ last, retryAfterMs }: { last?: FlowsteadError; retryAfterMs?: number }): FlowsteadError => {
    if (!last)
      return new FlowsteadError("InstanceUnavailable", `No ${noun} is ready to take the call.`, { retryAfterMs });
    // Of all that ask to wait, the one that is free first says how long.
    return last.retryAfterMs === undefined ? last : FlowsteadError.fromBody({ ...last.toBody(), retryAfterMs });
  };
  return {
    describe: (signal) =>
      failoverCall<Target, FlowSignature>({
        pool,
        signal: signal ?? new AbortController().signal,
        attempt: (target, attemptSignal) => target.describe(attemptSignal),
        judge: judgeHop,
        exhausted,
        zone,
        waitMs,
      }),
    async *invoke(call: FlowCall, signal: AbortSignal): AsyncGenerator<FlowEvent> {
      let attempts = 0;
      try {
        yield* failover<Target, FlowEvent>({
          pool,
          signal,
          attempt: (target, attemptSignal) => {
            if (++attempts > 1) onRetry?.();
            return target.invoke(call, attemptSignal);
          },
          // An instance that has said anything has the whole call, and one that is lost may have begun on it: what its
          // connection ends with tells.
          moveWhenLost: !call.atMostOnce,
          isCommitted: call.atMostOnce ? isAnySign : isAnswer,
          failureOf: (event) => (event.type === "error" ? FlowsteadError.fromBody(event.error) : undefined),
          restart: (reason) => ({ type: "restart", reason: reason.message }),
          judge: call.atMostOnce ? judgeUnsent : judgeHop,
          exhausted,
          zone,
          waitMs,
        });
      } catch (thrown) {
        yield { type: "error", time: Date.now(), error: FlowsteadError.from(thrown).toBody() };
      }
    },
    close: async () => {
      await pool.close();
    },
  };
}

function isAnswer({ type }: FlowEvent): boolean {
  return type === "text-delta" || type === "flow-end";
}

function isAnySign(): boolean {
  return true;
}

/** The call was not taken: the member could not be reached, or refused it before it looked at it. */
const UNSENT_CODES: ReadonlySet<string> = new Set(["InstanceUnavailable", "ShuttingDown", "TooManyRequests"]);

/** Only the loss of the member moves a call; a failure of the flow would be the same elsewhere. */
function judgeHop(error: FlowsteadError): Judgement {
  return error.code === "InstanceLost" ? { move: true, blame: true } : judgeUnsent(error);
}

function judgeUnsent({ code, retryAfterMs }: FlowsteadError): Judgement {
  const unsent = UNSENT_CODES.has(code);
  const blame = unsent || code === "InstanceLost";
  return { move: unsent, blame, ...(unsent && retryAfterMs !== undefined ? { cooldownMs: retryAfterMs } : {}) };
}
