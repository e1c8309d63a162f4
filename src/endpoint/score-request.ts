// What a caller of `/score` sends: a JSON object, or plain text when the flow has a single input.

import { isUtf8 } from "node:buffer";
import { FlowsteadError } from "../base/error/error.ts";
import { parseJson } from "../base/json.ts";
import { type Value, type ValueMap, isMap, pyRepr, truthy } from "../base/value.ts";
import type { FlowInput, FlowSignature } from "../flow/target.ts";

/** The flow's inputs from a request body. @throws FlowsteadError `InvalidRequest` with the original's messages. */
export function parseScoreRequest(signature: FlowSignature, body: Buffer): ValueMap {
  const { inputs } = signature.served ?? signature;
  if (inputs.length === 0) return {};
  const data = asData(inputs, body);
  const required = inputs.filter(isRequired).map(({ name }) => name);
  const missing = isContainer(data) ? required.filter((name) => !contains(data, name)) : [];
  if (missing.length > 0) {
    throw new FlowsteadError(
      "MissingRequiredFlowInput",
      `Required input fields ${pyRepr(missing)} are missing in request data ${pyRepr(data)}`,
    );
  }
  if (isMap(data)) return data;
  // Nothing is no inputs: a flow that can do without any runs, as in the original.
  if (!truthy(data) && (isContainer(data) || required.length === 0)) return {};
  throw new FlowsteadError(
    "InvalidRequest",
    "The request body must be a JSON object whose keys are the flow's inputs.",
  );
}

/** What Python's `in` can be asked of. */
function isContainer(data: Value): data is ValueMap | Value[] | string {
  return isMap(data) || Array.isArray(data) || typeof data === "string";
}

function contains(data: ValueMap | Value[] | string, name: string): boolean {
  return isMap(data) ? Object.hasOwn(data, name) : data.includes(name);
}

function isRequired(input: FlowInput): boolean {
  return !input.optional && (input.default === undefined || input.default === null);
}

/** The JSON value of a body, or the text of one that is no JSON as the flow's only input. */
function asData(declared: FlowInput[], body: Buffer): Value {
  const text = textOf(body);
  const value = text === undefined ? undefined : tryJson(text);
  if (value !== undefined) return value;
  const [only] = declared;
  if (!only || declared.length > 1) {
    throw new FlowsteadError(
      "JsonPayloadRequiredForMultipleInputFields",
      "Promptflow executor received non json data, but there's more than 1 input fields, please use json request data instead.",
    );
  }
  if (!isUtf8(body)) {
    throw new FlowsteadError("InvalidRequest", "The request body is neither JSON nor text in UTF-8; send one of them.");
  }
  return { [only.name]: body.toString("utf8") };
}

/** In the encoding that its first bytes tell, as Python reads JSON; undefined when it is in none. */
function textOf(body: Buffer): string | undefined {
  const [first, second] = body;
  const wide = first === 0 || (first === 0xfe && second === 0xff) ? "utf-16be" : "utf-16le";
  if (wide === "utf-16be" || second === 0 || (first === 0xff && second === 0xfe)) return decoded(wide, body);
  if (!isUtf8(body)) return undefined;
  return body.toString("utf8", first === 0xef && second === 0xbb ? 3 : 0);
}

function decoded(encoding: string, body: Buffer): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

function tryJson(body: string): Value | undefined {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}
