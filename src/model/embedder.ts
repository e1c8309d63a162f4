import type { Caller } from "./chat-model.ts";

/** A text, or its tokens as the model numbers them, from programs that count them first. */
export type EmbeddingInput = string | readonly number[];

export interface EmbedCall {
  /** Hears the tokens that the provider tells. */
  onUsage?: ((tokens: number) => void) | undefined;
  /** Whom the caller names to the provider as its own user. */
  user?: string | undefined;
}

/** The port `Embedder`: texts to vectors. */
export interface Embedder {
  /** Model, dimensions and normalisation; stored with an index, which refuses vectors of another fingerprint. */
  readonly fingerprint: string;
  readonly dimensions: number;
  /**
   * One vector per text, in order. Batching is the embedder's business.
   * @throws FlowsteadError of `base/error/model.ts`.
   */
  embed(
    texts: readonly EmbeddingInput[],
    kind: "query" | "document",
    signal: AbortSignal,
    call?: EmbedCall,
  ): Promise<Float32Array[]>;
  /** The same, counted for somebody; absent where nobody counts. */
  onBehalfOf?(caller: Caller): Embedder;
  close(): Promise<void>;
}

export function embedderFor<E extends Embedder | undefined>(embedder: E, caller: Caller | undefined): E | Embedder {
  return (caller && embedder?.onBehalfOf?.(caller)) ?? embedder;
}
