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
  const texts = all.map(({ text }) => text);
  return { before: texts.slice(Math.max(0, at - count), at), after: texts.slice(at + 1, at + 1 + count) };
}
