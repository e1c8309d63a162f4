import type { Charge, RateLimiter, Taken } from "../limit.ts";

interface Bucket {
  perMinute: number;
  level: number;
  at: number;
}

export interface MemoryLimiter extends RateLimiter {
  take(charges: readonly Charge[]): Taken;
  correct(charges: readonly Charge[]): void;
  /** What is missing in each bucket that is not full; more than the whole bucket where it is in debt. */
  missing(): Charge[];
}

const MINUTE_MS = 60_000;
const SWEEP_ABOVE = 10_000;

/** Buckets of this process. */
export function memoryLimiter(now: () => number = () => performance.now()): MemoryLimiter {
  const buckets = new Map<string, Bucket>();
  const filled = ({ key, perMinute }: Charge): Bucket => {
    let bucket = buckets.get(key);
    const time = now();
    if (!bucket) {
      if (buckets.size > SWEEP_ABOVE) sweep(buckets, time);
      buckets.set(key, (bucket = { perMinute, level: perMinute, at: time }));
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
    missing() {
      const all = [...buckets].map(([key, { perMinute }]) => {
        const { level } = filled({ key, perMinute, amount: 0 });
        return { key, perMinute, amount: perMinute - level };
      });
      return all.filter(({ amount }) => amount > 1e-6);
    },
    problem: () => undefined,
    close: async () => {},
  };
}

/** Buckets that nobody has touched for so long that they are full again. */
function sweep(buckets: Map<string, Bucket>, time: number): void {
  for (const [key, { at }] of buckets) if (time - at > 10 * MINUTE_MS) buckets.delete(key);
}
