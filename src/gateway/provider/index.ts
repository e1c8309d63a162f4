import type { Logger } from "../../base/log.ts";
import type { RateLimiter } from "../limit.ts";
import { memoryLimiter } from "./memory.ts";

/** Limits of this process, or with a Redis of all that share it. */
export async function openRateLimiter({ redis, log }: { redis?: string; log: Logger }): Promise<RateLimiter> {
  if (redis === undefined) return memoryLimiter();
  const { redisLimiter } = await import("./redis.ts");
  return redisLimiter({ url: redis, log });
}
