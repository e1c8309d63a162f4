// An error as the original tells it: its hierarchy of codes, and its words where they are others than ours.

import type { ErrorBody } from "../base/error/error.ts";
import { ERROR_TABLE, type ErrorRow } from "../base/error/table.ts";
import { modelError } from "./model-error.ts";

/**
 * The original's hierarchy of codes for an error, such as `UserError/ValidationError/InvalidFlowRequest/InputNotFound`.
 * An error that wraps another carries the inner one's chain in `details.chain`.
 */
export function errorChain(error: Pick<ErrorBody, "code" | "message" | "details">): string {
  if (typeof error.details?.["chain"] === "string") return error.details["chain"];
  const model = modelError(error);
  if (model) return model.chain;
  const row: ErrorRow = ERROR_TABLE[error.code];
  if (row.chain) return row.chain;
  return row.actor === "caller" || row.actor === "author" ? `UserError/${error.code}` : `SystemError/${error.code}`;
}

/** The last of its codes, by which the original counts it: a class of its own, or of the model's client. */
export function innermostCode(error: Pick<ErrorBody, "code" | "message" | "details">): string {
  return errorChain(error).split("/").at(-1) ?? error.code;
}

/** The original's message for an error; `details.original` holds that of one that it wraps. */
export function originalMessage(error: Pick<ErrorBody, "code" | "message" | "details">): string {
  if (typeof error.details?.["original"] === "string") return error.details["original"];
  return modelError(error)?.message ?? error.message;
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
