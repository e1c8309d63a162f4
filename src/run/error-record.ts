// An error as the original writes it into records of runs.

import type { ErrorBody } from "../base/error/error.ts";
import { errorChain, originalMessage } from "../flow/error-chain.ts";

export interface ErrorRecord {
  message: string;
  /** Its message with names in place of values, where there is such a one. */
  messageFormat: string;
  messageParameters: object;
  /** The part of the engine in which the fault was raised. */
  referenceCode: string;
  code: string;
  innerError: object | null;
  additionalInfo?: object[];
}

/** The original's error object: the root of the code chain with the rest as inner errors. */
export function errorRecord(error: ErrorBody): ErrorRecord {
  const { code, message: ours } = error;
  const [root = "SystemError", ...inner] = errorChain(error).split("/");
  const innerError = inner.reduceRight<object | null>((within, name) => ({ code: name, innerError: within }), null);
  const message = originalMessage(error);
  const all: Record<string, unknown> = { ...error.details, ...(message === ours ? {} : { message: ours }) };
  const { node, ...details } = all;
  const type = DETAIL_TYPES[code] ?? code;
  const ofNode = code === "ToolExecutionError" && node !== undefined;
  return {
    message,
    messageFormat: ofNode ? "Execution failure in '{node_name}'." : "",
    messageParameters: ofNode ? { node_name: node } : {},
    referenceCode: code === "ToolExecutionError" ? "Tool" : "Executor",
    code: root,
    innerError,
    ...(Object.keys(details).length === 0 ? {} : { additionalInfo: [{ type, info: details }] }),
  };
}

/** What the original calls the place in code where a fault was raised. */
const DETAIL_TYPES: Readonly<Record<string, string>> = {
  ToolExecutionError: "ToolExecutionErrorDetails",
  ScriptExecutionError: "FlexFlowExecutionErrorDetails",
};
