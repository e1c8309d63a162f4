import type { EmbedCall, EmbeddingInput } from "./embedder.ts";

/** What an `Embedder` is made of: one server, or a pool of them, and one call for one batch of texts, without patience. */
export interface EmbeddingModel {
  readonly id: string;
  /** Name of the model, by which vectors of one can be told from those of another. */
  readonly name: string;
  /** Length of its vectors when it is known before the first call. */
  readonly dimensions: number | undefined;
  /** Vectors of length one, in order. @throws FlowsteadError of `base/error/model.ts`. */
  embed(texts: readonly EmbeddingInput[], call: EmbeddingCall): Promise<Float32Array[]>;
  /** Costs nothing. @throws FlowsteadError when calls would fail. */
  probe(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface EmbeddingCall extends EmbedCall {
  signal: AbortSignal;
  /** Vectors of another length are refused. */
  dimensions?: number | undefined;
  /** Vectors as the server gives them, not made to be of length one. */
  asGiven?: boolean | undefined;
}
