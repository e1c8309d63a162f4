// Buckets that several processes share, exactly: each change is one script, which Redis runs alone and with its own clock.
// While Redis is away, calls go on, and each process keeps the limits by what it has let through itself.

import type { Redis } from "ioredis";
import type { Logger } from "../../base/log.ts";
import type { Charge, RateLimiter, Taken } from "../limit.ts";
import { memoryLimiter } from "./memory.ts";
import { CATCH_UP, CHARGE, type Scripts } from "./redis-script.ts";

export interface RedisLimiterOptions {
  /** Such as redis://127.0.0.1:6379/0, or the path of a Unix socket. */
  url: string;
  /** Before every key. */
  prefix?: string;
  log: Logger;
}

const CONNECT_MS = 2000;
const COMMAND_MS = 1000;
/** How soon it is tried again. */
const RETRY_MS = 500;
/** Buckets that are told at once: Redis does nothing else meanwhile. */
const GROUP = 200;

export async function redisLimiter({
  url,
  prefix = "flowstead:limit:",
  log,
}: RedisLimiterOptions): Promise<RateLimiter> {
  const { Redis } = await import("ioredis");
  const redis = new Redis(url, {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    retryStrategy: () => RETRY_MS,
    lazyConnect: true,
  }) as Redis & Scripts;
  redis.defineCommand("flowsteadCharge", { lua: CHARGE });
  redis.defineCommand("flowsteadCatchUp", { lua: CATCH_UP });
  /** Why there is no connection; what commands say of it is only that there is none. */
  let disconnected: string | undefined;
  redis.on("error", ({ message }: Error) => (disconnected = message));
  redis.on("ready", () => (disconnected = undefined));

  /** What this process has let through, with Redis and without. */
  const own = memoryLimiter();
  /** Of that, what Redis has not been told. */
  let owed = new Map<string, Charge>();
  /** Why Redis is not asked at present. */
  let away: string | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function charge(charges: readonly Charge[], force: boolean): Promise<[number, number]> {
    const keys = charges.map(({ key }) => prefix + key);
    const args = charges.flatMap(({ perMinute, amount }) => [perMinute, force ? amount : Math.min(amount, perMinute)]);
    return redis.flowsteadCharge(keys.length, ...keys, force ? "1" : "0", ...args);
  }

  function owe(charges: Iterable<Charge>): void {
    for (const { key, perMinute, amount } of charges) {
      const before = owed.get(key)?.amount ?? 0;
      owed.set(key, { key, perMinute, amount: before + Math.min(amount, perMinute) });
    }
  }

  function lose(thrown: Error): void {
    if (away !== undefined) return;
    away = thrown.message;
    log.warn({ reason: disconnected ?? away }, "Redis cannot be used: limits are kept by each process alone");
    tryLater();
  }

  function tryLater(): void {
    timer = setTimeout(() => void comeBack(), RETRY_MS);
    timer.unref();
  }

  async function comeBack(): Promise<void> {
    const due = owed;
    try {
      // One that hangs would do all that it has been told meanwhile when it wakes up.
      await redis.ping();
      owed = new Map();
      await catchUp(due);
    } catch (thrown) {
      if (owed !== due) owe(due.values());
      away = (thrown as Error).message;
      return tryLater();
    }
    away = undefined;
    log.info("limits are shared through Redis again");
    // Let through while that was told.
    const rest = [...owed.values()];
    owed = new Map();
    if (rest.length > 0) await tell(rest);
  }

  /** Redis may have kept what it knew, or have lost it. */
  async function catchUp(due: ReadonlyMap<string, Charge>): Promise<void> {
    const all = own.missing();
    for (let from = 0; from < all.length; from += GROUP) {
      const group = all.slice(from, from + GROUP);
      const args = group.flatMap(({ key, perMinute, amount }) => [
        perMinute,
        Math.min(due.get(key)?.amount ?? 0, amount),
        perMinute - amount,
      ]);
      await redis.flowsteadCatchUp(group.length, ...group.map(({ key }) => prefix + key), ...args);
    }
  }

  async function tell(charges: readonly Charge[]): Promise<void> {
    try {
      await charge(charges, true);
    } catch (thrown) {
      owe(charges);
      lose(thrown as Error);
    }
  }

  function takeAlone(charges: readonly Charge[]): Taken {
    const taken = own.take(charges);
    if (taken.ok) owe(charges);
    return taken;
  }

  async function takeShared(charges: readonly Charge[]): Promise<Taken> {
    let found: [number, number];
    try {
      found = await charge(charges, false);
    } catch (thrown) {
      lose(thrown as Error);
      return takeAlone(charges);
    }
    const [place, retryAfterMs] = found;
    if (place !== 0) return { ok: false, charge: charges[place - 1] as Charge, retryAfterMs };
    // Redis has decided: what it gave is taken here too, whatever this process alone would say.
    own.correct(charges);
    return TAKEN;
  }

  // What is wrong at the start is known before the first call.
  await redis
    .connect()
    .then(() => redis.ping())
    .catch(lose);
  return {
    take(charges) {
      if (charges.length === 0) return TAKEN;
      return away === undefined ? takeShared(charges) : takeAlone(charges);
    },
    correct(charges) {
      if (charges.length === 0) return undefined;
      own.correct(charges);
      if (away === undefined) return tell(charges);
      return owe(charges);
    },
    problem() {
      if (away === undefined) return undefined;
      return `Redis at ${placeOf(url)} cannot be used (${disconnected ?? away}): each process keeps limits by what it has let through itself. Calls, budgets and accounts go on. Start it, or correct gateway.redis; it is tried again all the time.`;
    },
    async close() {
      clearTimeout(timer);
      redis.disconnect();
    },
  };
}

const TAKEN: Taken = { ok: true };

/** Without the name and the password that it may hold. */
function placeOf(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//").replace(/\?.*$/, "");
}
