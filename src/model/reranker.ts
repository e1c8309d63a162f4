/** The port `Reranker`: how well passages answer a question, judged by a model that reads both together. */
export interface Reranker {
  /** For logs and notes, such as `cross-encoder/rerank-v3.5`; holds no secret. */
  readonly id: string;
  /**
   * A score per text, in order; higher is better, comparable within one call only.
   * @throws FlowsteadError of `base/error/model.ts`.
   */
  score(question: string, texts: readonly string[], signal: AbortSignal): Promise<number[]>;
  close(): Promise<void>;
}
