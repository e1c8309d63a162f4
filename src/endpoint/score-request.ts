// What a caller of `/score` sends: a JSON object, or plain text when the flow has a single input.

import { FlowsteadError } from "../base/error/error.ts";
import { parseJson } from "../base/json.ts";
import { type Value, type ValueMap, isMap, pyRepr } from "../base/value.ts";
import type { FlowInput, FlowSignature } from "../flow/target.ts";

/** The flow's inputs from a request body. @throws FlowsteadError `InvalidRequest` with the original's messages. */
export function parseScoreRequest(signature: FlowSignature, body: string): ValueMap {
  if (signature.inputs.length === 0) return {};
  const data = asData(signature.inputs, body);
  const has = (name: string): boolean => (isMap(data) ? Object.hasOwn(data, name) : false);
  const missing = signature.inputs.filter((input) => isRequired(input) && !has(input.name)).map((input) => input.name);
  if (missing.length > 0 && (isMap(data) || Array.isArray(data) || typeof data === "string")) {
    throw new FlowsteadError(
      "MissingRequiredFlowInput",
      `Required input fields ${pyRepr(missing)} are missing in request data ${pyRepr(data)}`,
    );
  }
  if (isMap(data)) return data;
  throw new FlowsteadError(
    "InvalidRequest",
    "The request body must be a JSON object whose keys are the flow's inputs.",
  );
}

function isRequired(input: FlowInput): boolean {
  return !input.optional && (input.default === undefined || input.default === null);
}

/** The JSON value of a body, or the text of one that is no JSON as the flow's only input. */
function asData(declared: FlowInput[], body: string): Value {
  const value = tryJson(body.startsWith("\ufeff") ? body.slice(1) : body);
  if (value !== undefined) return value;
  const [only] = declared;
  if (only && declared.length === 1) return { [only.name]: body };
  throw new FlowsteadError(
    "JsonPayloadRequiredForMultipleInputFields",
    "Promptflow executor received non json data, but there's more than 1 input fields, please use json request data instead.",
  );
}

function tryJson(body: string): Value | undefined {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}
