// Buckets that several processes share, exactly: each change is one script, which Redis runs alone and with its own clock.

import type { Redis } from "ioredis";
import type { Logger } from "../../base/log.ts";
import type { Charge, RateLimiter, Taken } from "../limit.ts";
import { memoryLimiter } from "./memory.ts";

const SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local force = ARGV[1] == '1'
local levels = {}
for i = 1, #KEYS do
  local size, amount = tonumber(ARGV[i * 2]), tonumber(ARGV[i * 2 + 1])
  local found = redis.call('HMGET', KEYS[i], 'level', 'at')
  local level, at = tonumber(found[1]) or size, tonumber(found[2]) or now
  level = math.min(size, level + (now - at) * size / 60000)
  if not force and level + 1e-6 < amount then
    return {i, math.ceil((amount - level) * 60000 / size)}
  end
  levels[i] = math.min(size, level - amount)
end
for i = 1, #KEYS do
  local size = tonumber(ARGV[i * 2])
  redis.call('HSET', KEYS[i], 'level', string.format('%.6f', levels[i]), 'at', string.format('%d', now))
  redis.call('PEXPIRE', KEYS[i], math.ceil((size - levels[i]) * 60000 / size) + 60000)
end
return {0, 0}`;

interface WithCharge extends Redis {
  flowsteadCharge(keys: number, ...args: (string | number)[]): Promise<[number, number]>;
}

export interface RedisLimiterOptions {
  /** Such as redis://127.0.0.1:6379/0, or the path of a Unix socket. */
  url: string;
  /** Before every key. */
  prefix?: string;
  log: Logger;
}

/** While Redis cannot be reached, each process keeps the limits by itself: calls go on, less exactly. */
export async function redisLimiter({
  url,
  prefix = "flowstead:limit:",
  log,
}: RedisLimiterOptions): Promise<RateLimiter> {
  const { Redis } = await import("ioredis");
  const redis = new Redis(url, {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    connectTimeout: 2000,
    commandTimeout: 1000,
    retryStrategy: (times) => Math.min(times * 200, 5000),
    lazyConnect: true,
  });
  redis.on("error", () => {});
  redis.defineCommand("flowsteadCharge", { lua: SCRIPT });
  await redis.connect().catch(() => {});
  const alone = memoryLimiter();
  let isOut = false;

  async function run(charges: readonly Charge[], force: boolean): Promise<[number, number] | undefined> {
    const keys = charges.map(({ key }) => prefix + key);
    const args = charges.flatMap(({ perMinute, amount }) => [perMinute, force ? amount : Math.min(amount, perMinute)]);
    try {
      const found = await (redis as WithCharge).flowsteadCharge(keys.length, ...keys, force ? "1" : "0", ...args);
      if (isOut) log.info("limits are shared through Redis again");
      isOut = false;
      return found;
    } catch (thrown) {
      if (!isOut)
        log.warn(
          { reason: (thrown as Error).message },
          "Redis cannot be reached: limits are kept by this process alone",
        );
      isOut = true;
      return undefined;
    }
  }

  return {
    async take(charges): Promise<Taken> {
      if (charges.length === 0) return { ok: true };
      const found = await run(charges, false);
      if (!found) return alone.take(charges);
      const [place, retryAfterMs] = found;
      return place === 0 ? { ok: true } : { ok: false, charge: charges[place - 1] as Charge, retryAfterMs };
    },
    async correct(charges) {
      if (charges.length > 0 && !(await run(charges, true))) await alone.correct(charges);
    },
    async close() {
      redis.disconnect();
    },
  };
}
