import type { Charge, RateLimiter } from "../limit.ts";

interface Bucket {
  level: number;
  at: number;
}

const MINUTE_MS = 60_000;
const SWEEP_ABOVE = 10_000;

/** Buckets of this process. */
export function memoryLimiter(now: () => number = () => performance.now()): RateLimiter {
  const buckets = new Map<string, Bucket>();
  const filled = ({ key, perMinute }: Charge): Bucket => {
    let bucket = buckets.get(key);
    const time = now();
    if (!bucket) {
      if (buckets.size > SWEEP_ABOVE) sweep(buckets, time);
      buckets.set(key, (bucket = { level: perMinute, at: time }));
    }
    bucket.level = Math.min(perMinute, bucket.level + ((time - bucket.at) * perMinute) / MINUTE_MS);
    bucket.at = time;
    return bucket;
  };
  return {
    take(charges) {
      for (const charge of charges) {
        const amount = Math.min(charge.amount, charge.perMinute);
        const { level } = filled(charge);
        // Fractions of a fill must not turn a fit into a miss.
        if (level + 1e-6 < amount) {
          return { ok: false, charge, retryAfterMs: Math.ceil(((amount - level) * MINUTE_MS) / charge.perMinute) };
        }
      }
      for (const charge of charges) filled(charge).level -= Math.min(charge.amount, charge.perMinute);
      return { ok: true };
    },
    correct(charges) {
      for (const charge of charges) {
        const bucket = filled(charge);
        bucket.level = Math.min(charge.perMinute, bucket.level - charge.amount);
      }
    },
    close: async () => {},
  };
}

/** Buckets that nobody has touched for so long that they are full again. */
function sweep(buckets: Map<string, Bucket>, time: number): void {
  for (const [key, { at }] of buckets) if (time - at > 10 * MINUTE_MS) buckets.delete(key);
}
