// What every pool of models is made of, whatever its members do: chat or embed.

import { FlowsteadError } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import type { BreakerOptions } from "../pool/breaker.ts";
import type { FailoverOptions } from "../pool/failover.ts";
import type { HealthOptions } from "../pool/health.ts";
import { judgeByTable, type Judgement } from "../pool/judge.ts";
import type { MemberEvent, MemberSettings } from "../pool/member.ts";
import { createPool, type Pool } from "../pool/pool.ts";
import { RetryBudget } from "../pool/retry-budget.ts";

/** What can stand in a pool of models. */
export interface Poolable {
  readonly id: string;
  /** Costs nothing. @throws FlowsteadError when calls would fail. */
  probe(signal: AbortSignal): Promise<void>;
}

export interface PoolMember<T extends Poolable> {
  model: T;
  priority?: number | undefined;
  weight?: number | undefined;
  region?: string | undefined;
}

export interface MemberPoolOptions {
  /** Longest time in all that a call waits for a member that cools down. Default 10 000. */
  waitMs?: number;
  /** Active probes by the members' own free `probe`; none when absent. */
  health?: Omit<HealthOptions<Poolable>, "probe"> | undefined;
  breaker?: BreakerOptions;
  /** Cooldown after a 429 that names no time. Default 5000. */
  cooldownMs?: number;
  /** Retries per call over a few seconds, so that an outage is not multiplied. Default 0.2, with 50 always allowed. */
  retryShare?: number;
  /** Pause before a pool of one asks its member a second time. Default 200. */
  backoffMs?: number;
  log?: Logger;
  /** Monotonic milliseconds; injected by tests. */
  now?: () => number;
}

/** How a pool is set up for its members, as the configuration says it for all pools. */
export type PoolSettings = Pick<MemberPoolOptions, "waitMs" | "cooldownMs" | "breaker" | "health" | "retryShare">;

/** The part of a failover call that is the same for all calls of a pool. */
export type PoolRule<T> = Pick<
  FailoverOptions<T, never>,
  "pool" | "judge" | "exhausted" | "waitMs" | "budget" | "rounds" | "backoffMs"
>;

/** How long a member with a wrong key or an empty account is left alone. */
const EJECTION_MS = 60_000;

/** A pool, and the rule by which calls move between its members. */
export function memberPool<T extends Poolable>(
  members: readonly PoolMember<T>[],
  options: MemberPoolOptions,
): { pool: Pool<T>; rule: PoolRule<T> } {
  const { waitMs = 10_000, health, breaker, cooldownMs = 5000, retryShare = 0.2, backoffMs, log, now } = options;
  // With nobody to move to, shutting a member out would only hide why it fails.
  const isAlone = members.length === 1;
  const pool = createPool<T>({
    members: named(members),
    breaker: isAlone ? { failures: Infinity } : breaker,
    health: health && { ...health, probe: (model, signal) => model.probe(signal) },
    onEvent: (event) => note(event, log),
    now,
  });
  const budget = new RetryBudget({ share: retryShare, now: pool.now });
  const judge = (error: FlowsteadError): Judgement =>
    judgeModel(error, { cooldownMs, ejectionMs: isAlone ? undefined : EJECTION_MS });
  const rule: PoolRule<T> = {
    pool,
    judge,
    exhausted: (state: { last?: FlowsteadError; retryAfterMs?: number }) => exhausted(pool.members, state),
    waitMs,
    budget,
    rounds: isAlone ? 2 : 1,
    backoffMs,
  };
  return { pool, rule };
}

/** Two members may have one id, as two keys of one deployment do; the pool tells them apart. */
function named<T extends Poolable>(members: readonly PoolMember<T>[]): MemberSettings<T>[] {
  const seen = new Map<string, number>();
  return members.map(({ model, ...rest }) => {
    const count = (seen.get(model.id) ?? 0) + 1;
    seen.set(model.id, count);
    return { id: count === 1 ? model.id : `${model.id}#${count}`, value: model, ...rest };
  });
}

function judgeModel(
  error: FlowsteadError,
  { cooldownMs, ejectionMs }: { cooldownMs: number; ejectionMs: number | undefined },
): Judgement {
  switch (error.code) {
    case "ModelUnauthorized":
    case "ModelQuotaExhausted":
      // Our own credential: this member can serve nobody, another one may.
      return { move: ejectionMs !== undefined, blame: true, cooldownMs: ejectionMs };
    case "ModelRateLimited":
      return { move: error.retryable, blame: false, cooldownMs: error.retryAfterMs ?? cooldownMs };
    default:
      return judgeByTable(error);
  }
}

/** The call's own last failure says most; without one, what its members failed of. */
function exhausted(
  members: readonly { lastFailure: FlowsteadError | undefined }[],
  { last, retryAfterMs }: { last?: FlowsteadError; retryAfterMs?: number },
): FlowsteadError {
  const failures = last ? [last] : members.map((member) => member.lastFailure).filter((error) => error !== undefined);
  const isLimit = failures.some((error) => error.code === "ModelRateLimited");
  if (isLimit && retryAfterMs !== undefined) {
    const message = `Every model of the pool is at its limit or out for now. Ask again in ${Math.ceil(retryAfterMs / 1000)} s.`;
    const cause = failures.find((error) => error.code === "ModelRateLimited");
    return new FlowsteadError("ModelRateLimited", message, {
      cause,
      details: cause?.details,
      retryAfterMs: Math.ceil(retryAfterMs),
    });
  }
  const [failure] = failures;
  if (!failure) {
    return new FlowsteadError("ModelUnavailable", "No model of the pool can take a call. GET /readyz names why.");
  }
  const { code, message, details, status, retryable } = failure;
  return new FlowsteadError(code, message, { cause: failure, details, status, retryable, retryAfterMs });
}

function note({ type, member, reason, cooldownMs }: MemberEvent, log: Logger | undefined): void {
  const isBad = type === "unready" || type === "cooling" || type === "circuit-open";
  log?.[isBad ? "warn" : "info"]({ member, cooldownMs, reason: reason?.message }, `model ${type}`);
}
