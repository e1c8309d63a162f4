export interface Quantiles {
  p50: number;
  p99: number;
}

/** By nearest rank, to a hundredth; p99 of fewer than 100 values is their largest. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN);
  return { p50: at(0.5), p99: at(0.99) };
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
