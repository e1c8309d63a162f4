import type { Occurrence } from "./position.ts";

const WINDOW = 12;
const SATURATION = 1;

/**
 * Sequential dependence: for neighbours in the query, how often they are neighbours in the text, and how often they
 * stand within twelve words in any order. `idf` is the weight of each query term.
 */
export function proximity(found: readonly Occurrence[], idf: readonly number[]): number {
  const ordered = Array.from(idf, () => 0);
  const near = Array.from(idf, () => 0);
  for (let i = 0; i < found.length; i++) {
    const a = found[i]!;
    for (let j = i + 1; j < found.length; j++) {
      const b = found[j]!;
      const distance = b.position - a.position;
      if (distance >= WINDOW) break;
      if (b.query === a.query + 1) {
        near[a.query]! += 1;
        if (distance === 1) ordered[a.query]! += 1;
      } else if (a.query === b.query + 1) near[b.query]! += 1;
    }
  }
  let score = 0;
  for (let at = 0; at + 1 < idf.length; at++) {
    const weight = (idf[at]! + idf[at + 1]!) / 2;
    score += weight * (saturated(ordered[at]!) + saturated(near[at]!));
  }
  return score;
}

function saturated(count: number): number {
  return count / (count + SATURATION);
}
