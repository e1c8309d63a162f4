// The inputs of a call: defaults, types, and the original's complaints.

import { FlowsteadError } from "../base/error/error.ts";
import { type Value, type ValueMap, pyStr } from "../base/value.ts";
import { JsonDecodeError } from "./decode-json.ts";
import type { InputDefinition } from "./definition.ts";
import { parseTyped } from "./value.ts";

/** Fills in defaults; a default of null is none. Inputs that the flow does not have are kept. */
export function applyDefaults(definitions: readonly InputDefinition[], inputs: ValueMap): ValueMap {
  const filled = { ...inputs };
  for (const { name, default: value } of definitions) {
    if (filled[name] === undefined) {
      delete filled[name];
      if (value !== undefined && value !== null) filled[name] = value;
    }
  }
  return filled;
}

/**
 * The inputs that the flow has, complete and in their types.
 * @param line index in a data file, for the messages of batch runs
 * @param optional inputs that may be missing
 * @throws FlowsteadError `InputNotFound`, `InputTypeError`, `InputParseError`.
 */
export function resolveInputs(
  definitions: readonly InputDefinition[],
  given: ValueMap,
  line?: number,
  optional?: ReadonlySet<string>,
): ValueMap {
  const filled = applyDefaults(definitions, given);
  const wanted = definitions.filter(({ name }) => filled[name] !== undefined || !optional?.has(name));
  for (const { name } of wanted) {
    if (filled[name] === undefined) {
      const place = line === undefined ? "in input data" : `in line ${line} of input data`;
      throw new FlowsteadError(
        "InputNotFound",
        `The input for flow is incorrect. The value for flow input '${name}' is not provided ${place}. Please review your input data or remove this input in your flow if it's no longer needed.`,
        { details: { input: name } },
      );
    }
  }
  return Object.fromEntries(
    wanted.map(({ name, type, isUntyped = false }) => {
      const value = filled[name] ?? null;
      return [name, isUntyped ? value : parseInput(name, type, value, line)];
    }),
  );
}

/** One input in its type. @throws FlowsteadError `InputTypeError`, `InputParseError`. */
export function parseInput(name: string, type: string, value: Value, line?: number): Value {
  try {
    return parseTyped(type, value);
  } catch (thrown) {
    const place = line === undefined ? `'${name}'` : `'${name}' in line ${line} of input data`;
    const options = { cause: thrown, details: { input: name, type } };
    if (thrown instanceof JsonDecodeError) {
      throw new FlowsteadError(
        "InputParseError",
        `Failed to parse the flow input. The value for flow input ${place} was interpreted as JSON string since its type is '${type}'. However, the value '${pyStr(value)}' is invalid for JSON parsing. Error details: (JSONDecodeError) ${thrown.message}. Please make sure your inputs are properly formatted.`,
        options,
      );
    }
    throw new FlowsteadError(
      "InputTypeError",
      `The input for flow is incorrect. The value for flow input ${place} does not match the expected type '${type}'. Please change flow input type or adjust the input value in your input data.`,
      options,
    );
  }
}
