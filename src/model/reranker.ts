import type { Caller } from "./chat-model.ts";

export type { Caller } from "./chat-model.ts";

/** The port `Reranker`: how well passages answer a question, judged by a model that reads both together. */
export interface Reranker {
  /** For logs and notes, such as `cross-encoder/rerank-v3.5`; holds no secret. */
  readonly id: string;
  /**
   * A score per text, in order; higher is better, comparable within one call only.
   * @throws FlowsteadError of `base/error/model.ts`.
   */
  score(question: string, texts: readonly string[], options: RerankCall): Promise<number[]>;
  close(): Promise<void>;
}

export interface RerankCall {
  signal: AbortSignal;
  /** For whom the call is counted; for the system itself when absent. */
  caller?: Caller | undefined;
}
