/** Who can mend it: the caller of an API, the author of a flow, the operator of the system, or an upstream service. */
export type ErrorActor = "caller" | "author" | "operator" | "upstream";

export interface ErrorRow {
  actor: ErrorActor;
  /** HTTP status at the edge. */
  status: number;
  /** Whether the same call may succeed when it is made again elsewhere or later. */
  retryable?: boolean;
  /** What happened, in one sentence, for the generated reference. */
  meaning: string;
  /** What to do about it, in one sentence, for the generated reference. */
  remedy: string;
  /** The original's code chain below `code`, such as `UserError/ValidationError/InputNotFound`, where it has one. */
  chain?: string;
}
