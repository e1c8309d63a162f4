import type { Occurrence } from "./position.ts";

const WINDOW = 20;

/** The weight of the different query terms that the best 20 words of the text hold together. */
export function bestWindow(found: readonly Occurrence[], idf: readonly number[]): number {
  const inside = Array.from(idf, () => 0);
  let mass = 0;
  let best = 0;
  let first = 0;
  for (const { position, query } of found) {
    inside[query]! += 1;
    if (inside[query] === 1) mass += idf[query]!;
    while (position - found[first]!.position >= WINDOW) {
      const left = found[first]!.query;
      inside[left]! -= 1;
      if (inside[left] === 0) mass -= idf[left]!;
      first += 1;
    }
    best = Math.max(best, mass);
  }
  return best;
}
