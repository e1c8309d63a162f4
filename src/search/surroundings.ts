import { withoutRepeats } from "./repeat.ts";
import type { SearchIndex } from "./search-index.ts";

/** Texts of the passages around one, in the document's order; empty when the passage is no longer in the index. */
export async function surroundings(
  index: SearchIndex,
  passageId: string,
  { count, signal }: { count: number; signal?: AbortSignal },
): Promise<{ before: string[]; after: string[] }> {
  const passage = await index.get(passageId, signal);
  if (!passage) return { before: [], after: [] };
  const all = await index.documentPassages(passage.documentId, signal);
  const at = all.findIndex(({ id }) => id === passageId);
  // Passages of one long paragraph overlap: each is given from where the one before it ends, but for the one asked for.
  const part = (from: number, to: number): string[] =>
    withoutRepeats([passage, ...all.slice(from, to)].map((one) => ({ passage: one, score: 0, highlights: [] })))
      .slice(1)
      .map(({ passage: { text } }) => text);
  return { before: part(Math.max(0, at - count), at), after: part(at + 1, at + 1 + count) };
}
