/**
 * Splits calls by weight with low discrepancy (smooth weighted round robin): of every 100 calls exactly as many go to a
 * name as its percentage says, evenly mixed. @returns undefined when no name has a positive weight.
 */
export function trafficSplit(weights: Readonly<Record<string, number>>): () => string | undefined {
  const shares = Object.entries(weights)
    .filter(([, weight]) => weight > 0)
    .map(([name, weight]) => ({ name, weight, current: 0 }));
  const total = shares.reduce((sum, { weight }) => sum + weight, 0);
  return () => {
    let best: (typeof shares)[number] | undefined;
    for (const share of shares) {
      share.current += share.weight;
      if (!best || share.current > best.current) best = share;
    }
    if (best) best.current -= total;
    return best?.name;
  };
}
