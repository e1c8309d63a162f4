// An embedder out of an embedding model: texts in batches, and patience with limits and outages.

import { sleep } from "../base/abort.ts";
import { FlowsteadError } from "../base/error/error.ts";
import type { Embedder, EmbeddingInput } from "./embedder.ts";
import type { EmbeddingModel } from "./embedding-model.ts";

const BATCH_TEXTS = 96;
const BATCH_CHARS = 200_000;
const ATTEMPTS = 6;
const LONGEST_WAIT_MS = 60_000;
/** In all, for who asks a question. A pool has waited as long already. */
const QUESTION_MS = 10_000;

interface BatchedOptions {
  signal: AbortSignal;
  /** Whether the model is a pool, which has waited already as long as somebody who asks may wait. */
  isPool: boolean;
  /** For callers that know the model themselves: vectors of any size, as the server gives them. They fit no index. */
  asGiven?: boolean;
}

/**
 * Rate limits and outages are waited for: by indexing, which has time, as long as it takes; by questions for some seconds.
 * @throws FlowsteadError when the size of the vectors has to be asked for and the server does not answer.
 */
export async function batchedEmbedder(
  model: EmbeddingModel,
  { signal, isPool, asGiven }: BatchedOptions,
): Promise<Embedder> {
  const dimensions = model.dimensions ?? (asGiven ? 0 : await askSize(model, signal));
  const wanted = asGiven ? { asGiven } : { dimensions };
  return {
    fingerprint: `${model.name}/${dimensions}/unit`,
    dimensions,
    async embed(texts, kind, signal, call) {
      const patience = kind === "query" ? { attempts: isPool ? 1 : ATTEMPTS, ms: QUESTION_MS } : INDEXING;
      const vectors: Float32Array[] = [];
      for (const batch of batches(texts)) {
        const work = (): Promise<Float32Array[]> => model.embed(batch, { signal, ...wanted, ...call });
        vectors.push(...(await patiently(work, patience, signal)));
      }
      return vectors;
    },
    close: () => model.close(),
  };
}

async function askSize(model: EmbeddingModel, signal: AbortSignal): Promise<number> {
  try {
    const [vector] = await model.embed(["dimensions"], { signal });
    return vector?.length ?? 0;
  } catch (thrown) {
    await model.close();
    throw thrown;
  }
}

export interface Patience {
  attempts: number;
  /** Waits in all. */
  ms: number;
}

const INDEXING: Patience = { attempts: ATTEMPTS, ms: Infinity };

/** Works until it succeeds, or what went wrong is not worth another try, or the patience is at its end. */
export async function patiently<T>(
  work: () => Promise<T>,
  { attempts, ms }: Patience,
  signal: AbortSignal,
): Promise<T> {
  let left = ms;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (thrown) {
      const error = FlowsteadError.from(thrown);
      const isWorthIt = error.retryable && error.code !== "ModelQuotaExhausted" && error.code !== "ModelBadAnswer";
      const wait = Math.min(error.retryAfterMs ?? 250 * 2 ** attempt, LONGEST_WAIT_MS);
      if (!isWorthIt || attempt >= attempts || wait > left) throw error;
      left -= wait;
      await sleep(wait, signal);
    }
  }
}

function batches(texts: readonly EmbeddingInput[]): EmbeddingInput[][] {
  const all: EmbeddingInput[][] = [];
  let current: EmbeddingInput[] = [];
  let chars = 0;
  for (const text of texts) {
    if (current.length === BATCH_TEXTS || (current.length > 0 && chars + text.length > BATCH_CHARS)) {
      all.push(current);
      current = [];
      chars = 0;
    }
    current.push(text);
    chars += text.length;
  }
  if (current.length > 0) all.push(current);
  return all;
}
