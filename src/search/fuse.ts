/** The constant of reciprocal rank fusion; the same one Azure AI Search uses. */
const RRF_K = 60;

export interface RankedList {
  /** Ids, best first. */
  ids: readonly string[];
  weight?: number;
}

/** Reciprocal rank fusion: an id scores the sum of weight / (60 + rank) over the lists that hold it; best first. */
export function fuse(lists: readonly RankedList[]): { id: string; score: number }[] {
  const scores = new Map<string, number>();
  for (const { ids, weight = 1 } of lists) {
    ids.forEach((id, at) => scores.set(id, (scores.get(id) ?? 0) + weight / (RRF_K + at + 1)));
  }
  return [...scores].map(([id, score]) => ({ id, score })).sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
}
