import type { FlowsteadError } from "../base/error/error.ts";

/** What a failed attempt means for the call and for the member. */
export interface Judgement {
  /** Whether another member may be tried. */
  move: boolean;
  /** Whether it counts against the member's circuit. */
  blame: boolean;
  /** The member takes no calls for this long. */
  cooldownMs?: number;
}

/** The rule of the error table: a retryable error moves the call and is the member's fault, any other is the caller's. */
export function judgeByTable(error: FlowsteadError): Judgement {
  const { retryable, retryAfterMs } = error;
  return { move: retryable, blame: retryable, ...(retryAfterMs === undefined ? {} : { cooldownMs: retryAfterMs }) };
}
