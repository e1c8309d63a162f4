// The port `RateLimiter`: amounts per minute under names, taken all or none.

/** One bucket that a call draws from: it holds `perMinute` and fills up evenly. */
export interface Charge {
  key: string;
  perMinute: number;
  amount: number;
}

export type Taken = { ok: true } | { ok: false; charge: Charge; retryAfterMs: number };

export interface RateLimiter {
  /** Takes every amount, or none when one does not fit. An amount above the whole bucket needs a full one. */
  take(charges: readonly Charge[]): Taken | Promise<Taken>;
  /** Corrects what was taken, by more (which may leave a bucket in debt) or by less. */
  correct(charges: readonly Charge[]): void | Promise<void>;
  /** What makes limits less exact than they are meant to be at this moment, and what to do; undefined while nothing does. */
  problem(): string | undefined;
  close(): Promise<void>;
}
