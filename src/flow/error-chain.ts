import type { ErrorBody } from "../base/error/error.ts";
import { ERROR_TABLE, type ErrorRow } from "../base/error/table.ts";

/**
 * The original's hierarchy of codes for an error, such as `UserError/ValidationError/InvalidFlowRequest/InputNotFound`.
 * An error that wraps another carries the inner one's chain in `details.chain`.
 */
export function errorChain(error: Pick<ErrorBody, "code" | "details">): string {
  if (typeof error.details?.["chain"] === "string") return error.details["chain"];
  const row: ErrorRow = ERROR_TABLE[error.code];
  if (row.chain) return row.chain;
  return row.actor === "caller" || row.actor === "author" ? `UserError/${error.code}` : `SystemError/${error.code}`;
}

/** An error as the original writes it, from the outermost code inwards. */
export interface NestedError {
  code?: string | null;
  innerError?: NestedError | null;
}

/** The chain of a nested error; empty when its outermost part has no code. */
export function nestedErrorChain(error: NestedError): string {
  const { code, innerError } = error;
  if (!code) return "";
  const inner = innerError ? nestedErrorChain(innerError) : "";
  return inner === "" ? code : `${code}/${inner}`;
}
