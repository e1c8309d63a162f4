import type { Config } from "../config/schema.ts";
import type { PoolSettings } from "../model/member-pool.ts";

/** `pool:` of the configuration, for pools of models and of embedders alike. */
export function poolSettings({ pool }: Readonly<Config>): PoolSettings {
  return {
    waitMs: pool.wait_seconds * 1000,
    cooldownMs: pool.cooldown_seconds * 1000,
    retryShare: pool.retry_share,
    breaker: { failures: pool.failures, openMs: pool.open_seconds * 1000 },
    health: pool.probe_seconds > 0 ? { periodMs: pool.probe_seconds * 1000, timeoutMs: 10_000 } : undefined,
  };
}
