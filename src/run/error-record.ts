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
  const told =
    node === undefined
      ? undefined
      : FORMATS[code]?.(node, `(${String(details["type"])}) ${String(details["message"])}`);
  return {
    message,
    messageFormat: told?.format ?? "",
    messageParameters: told?.parameters ?? {},
    referenceCode: REFERENCES[code] ?? "Executor",
    code: root,
    innerError,
    ...(Object.keys(details).length === 0 ? {} : { additionalInfo: [{ type, info: details }] }),
  };
}

const FORMATS: Readonly<Record<string, (node: unknown, why: string) => { format: string; parameters: object }>> = {
  ToolExecutionError: (node) => ({ format: "Execution failure in '{node_name}'.", parameters: { node_name: node } }),
  ScriptExecutionError: (node, why) => ({
    format: "Execution failure in '{func_name}': {error_type_and_message}",
    parameters: { error_type_and_message: why, func_name: node },
  }),
};

const REFERENCES: Readonly<Record<string, string>> = { ToolExecutionError: "Tool", ScriptExecutionError: "Unknown" };

/**
 * The error of a whole run that fails by a fault of the flow or its data. What it is in particular stands behind the
 * failed lines, where the original has nothing.
 */
export function runErrorRecord(error: ErrorBody): ErrorRecord {
  const { message, additionalInfo = [{ type: error.code, info: {} }] } = errorRecord(error);
  return {
    ...bulkRunError(message),
    additionalInfo: [{ type: "BulkRunErrors", info: { errors: [] } }, ...additionalInfo],
  };
}

/** What stands before the errors of the lines. */
export function bulkRunError(first: string, counted = ""): ErrorRecord {
  return {
    message: `${counted}First error message is: ${first}`,
    messageFormat: "",
    messageParameters: {},
    referenceCode: "Runtime",
    code: "UserError",
    innerError: { code: "SDKError", innerError: { code: "BulkRunException", innerError: null } },
  };
}

/** What the original calls the place in code where a fault was raised. */
const DETAIL_TYPES: Readonly<Record<string, string>> = {
  ToolExecutionError: "ToolExecutionErrorDetails",
  ScriptExecutionError: "FlexFlowExecutionErrorDetails",
};
