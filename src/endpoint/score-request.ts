// What a caller of `/score` sends: a JSON object, or plain text when the flow has a single input.

import { FlowsteadError } from "../base/error/error.ts";
import { parseJson } from "../base/json.ts";
import { type ValueMap, isMap, pyRepr } from "../base/value.ts";
import type { FlowInput, FlowSignature } from "../flow/target.ts";

/** The flow's inputs from a request body. @throws FlowsteadError `InvalidRequest` with the original's messages. */
export function parseScoreRequest(signature: FlowSignature, body: string): ValueMap {
  if (signature.inputs.length === 0) return {};
  const inputs = asInputs(signature.inputs, body);
  const missing = signature.inputs
    .filter((input) => isRequired(input) && !(input.name in inputs))
    .map((input) => input.name);
  if (missing.length > 0) {
    throw new FlowsteadError(
      "MissingRequiredFlowInput",
      `Required input fields ${pyRepr(missing)} are missing in request data ${pyRepr(inputs)}`,
    );
  }
  return inputs;
}

function isRequired(input: FlowInput): boolean {
  return input.default === undefined || input.default === null;
}

function asInputs(declared: FlowInput[], body: string): ValueMap {
  const value = tryJson(body);
  if (value !== undefined && isMap(value)) return value;
  const [only] = declared;
  if (value === undefined && only && declared.length === 1) return { [only.name]: body };
  if (value === undefined) {
    throw new FlowsteadError(
      "JsonPayloadRequiredForMultipleInputFields",
      "Promptflow executor received non json data, but there's more than 1 input fields, please use json request data instead.",
    );
  }
  throw new FlowsteadError(
    "InvalidRequest",
    "The request body must be a JSON object whose keys are the flow's inputs.",
  );
}

function tryJson(body: string): ReturnType<typeof parseJson> | undefined {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}
