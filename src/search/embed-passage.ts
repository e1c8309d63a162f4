import { FlowsteadError } from "../base/error/error.ts";
import type { Embedder } from "../model/embedder.ts";
import type { Passage } from "./search-index.ts";

export interface EmbedOptions {
  /** Name of the index, for messages. */
  index: string;
  embedder: Embedder | undefined;
  /** Of the index's vectors, when it has any. */
  dimensions: number | undefined;
  signal: AbortSignal | undefined;
}

/** Gives vectors to passages that come without. @throws FlowsteadError `EmbedderMismatch` for one of another length. */
export async function embedPassages(
  passages: readonly Passage[],
  { index, embedder, dimensions, signal = new AbortController().signal }: EmbedOptions,
): Promise<readonly Passage[]> {
  for (const { id, vector } of passages) {
    if (!vector || vector.length === dimensions) continue;
    const expected = dimensions === undefined ? "no embedder" : `vectors of ${dimensions} dimensions`;
    throw new FlowsteadError(
      "EmbedderMismatch",
      `Passage ${id} has a vector of ${vector.length} dimensions, but the index ${index} has ${expected}.`,
    );
  }
  const odd = passages.find(({ vector }) => vector && !vector.every(Number.isFinite));
  if (odd) {
    throw new FlowsteadError(
      "EmbedderMismatch",
      `The vector of passage ${odd.id} holds what is no number: nothing could be compared with it in the index ${index}.`,
    );
  }
  const bare = passages.filter(({ vector }) => !vector);
  if (!embedder || bare.length === 0) return passages;
  const texts = bare.map(({ title, headings, text }) => [title, ...headings, text].join("\n"));
  const vectors = await embedder.embed(texts, "document", signal);
  const byId = new Map(bare.map(({ id }, at) => [id, vectors[at]]));
  return passages.map((passage) => ({ ...passage, vector: passage.vector ?? byId.get(passage.id)! }));
}
