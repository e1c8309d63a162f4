// Checks of what an llm node says about functions and tools, with the original's messages.

import { FlowsteadError } from "../base/error/error.ts";
import { pythonJson } from "../base/python-json.ts";
import { type Value, type ValueMap, isFloat, isMap, pyRepr, pyStr } from "../base/value.ts";

type Code = "ChatAPIInvalidFunctions" | "ChatAPIInvalidTools";

const REFERENCE = "https://platform.openai.com/docs/api-reference/chat/create";
const FUNCTION_GUIDE = `Here is a valid function example: {"name": "function_name", "parameters": {"type": "object", "properties": {"parameter_name": {"type": "integer", "description": "parameter_description"}}}, "description": "function_description"}. See more details at ${REFERENCE}#chat/create-functions or view sample 'How to use functions with chat models' in our gallery.`;
const TOOL_GUIDE = `Here is a valid tool example: {"type": "function", "function": {"name": "get_current_weather", "description": "Get the current weather in a given location", "parameters": {"type": "object", "properties": {"location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}}, "required": ["location"]}}}. See more details at ${REFERENCE}`;
const CALL_GUIDE = `Here is a valid example: {"name": "function_name"}. See the guide at ${REFERENCE}#chat/create-function_call or view sample 'How to call functions with chat models' in our gallery.`;
const CHOICE_GUIDE = `Here is a valid example: {"type": "function", "function": {"name": "my_function"}}. See the guide at ${REFERENCE}.`;

/** @throws FlowsteadError `ChatAPIInvalidFunctions`. */
export function checkFunctions(functions: Value): void {
  const list = asList(functions);
  if (list.length === 0) fail("ChatAPIInvalidFunctions", "functions cannot be an empty list.", FUNCTION_GUIDE);
  list.forEach((one, index) => checkFunction("ChatAPIInvalidFunctions", index, one, FUNCTION_GUIDE));
}

/** @throws FlowsteadError `ChatAPIInvalidTools`. */
export function checkTools(tools: Value): void {
  const list = asList(tools);
  if (list.length === 0) fail("ChatAPIInvalidTools", "tools cannot be an empty list.", TOOL_GUIDE);
  list.forEach((one, index) => {
    const what = `tool ${index} '${pyStr(one)}'`;
    if (!isMap(one)) fail("ChatAPIInvalidTools", `${what} is not a dict.`, TOOL_GUIDE);
    for (const key of ["type", "function"]) {
      if (!Object.hasOwn(one, key)) {
        fail("ChatAPIInvalidTools", `${what} does not have '${key}' property.`, TOOL_GUIDE);
      }
    }
    checkFunction("ChatAPIInvalidTools", index, one["function"] ?? null, TOOL_GUIDE);
  });
}

function checkFunction(code: Code, index: number, one: Value, guide: string): void {
  const what = `function ${index} '${pyStr(one)}'`;
  if (!isMap(one)) return fail(code, `${what} is not a dict.`, guide);
  for (const key of ["name", "parameters"]) {
    if (!Object.hasOwn(one, key)) fail(code, `${what} does not have '${key}' property.`, guide);
  }
  const { name = null, parameters = null } = one;
  const start = `function ${index} '${pyStr(name)}' parameters`;
  if (!isMap(parameters)) {
    return fail(code, `${start} '${pyStr(parameters)}' should be described as a JSON Schema object.`, guide);
  }
  for (const key of ["type", "properties"]) {
    if (!Object.hasOwn(parameters, key)) {
      fail(code, `${start} '${pyStr(parameters)}' does not have '${key}' property.`, guide);
    }
  }
  if (parameters["type"] !== "object") fail(code, `${start} 'type' should be 'object'.`, guide);
  if (!isMap(parameters["properties"])) {
    fail(code, `${start} 'properties' should be described as a JSON Schema object.`, guide);
  }
}

/** The `function_call` to send: auto when there is none. @throws FlowsteadError `ChatAPIInvalidFunctions`. */
export function functionCall(given: Value): Value {
  if (given === null) return "auto";
  if (given === "auto" || given === "none") return given;
  const code = "ChatAPIInvalidFunctions";
  const map = asMap(code, "function_call", given, CALL_GUIDE);
  if (!Object.hasOwn(map, "name")) {
    fail(code, `function_call parameter ${pythonJson(given)} must contain "name" field.`, CALL_GUIDE);
  }
  return given;
}

/** The `tool_choice` to send: auto when there is none. @throws FlowsteadError `ChatAPIInvalidTools`. */
export function toolChoice(given: Value): Value {
  if (given === null) return "auto";
  if (given === "auto" || given === "none") return given;
  const code = "ChatAPIInvalidTools";
  const map = asMap(code, "tool_choice", given, CHOICE_GUIDE);
  for (const key of ["type", "function"]) {
    if (!Object.hasOwn(map, key)) {
      fail(code, `tool_choice parameter ${pythonJson(given)} must contain "${key}" field.`, CHOICE_GUIDE);
    }
  }
  const chosen = map["function"] ?? null;
  if (!isMap(chosen)) {
    fail(
      code,
      `function parameter "${pyStr(chosen)}" in tool_choice must be a dict, but not ${pyType(chosen)}.`,
      CHOICE_GUIDE,
    );
  } else if (!Object.hasOwn(chosen, "name")) {
    fail(code, `function parameter "${pythonJson(chosen)}" in tool_choice must contain "name" field.`, CHOICE_GUIDE);
  }
  return given;
}

/** What Python sees one by one: items, characters or keys. */
function asList(value: Value): Value[] {
  if (typeof value === "string") return Array.from(value);
  if (isMap(value)) return Object.keys(value);
  return Array.isArray(value) ? value : [];
}

function asMap(code: Code, name: string, value: Value, guide: string): ValueMap {
  if (isMap(value)) return value;
  return fail(code, `${name} parameter '${pyStr(value)}' must be a dict, but not ${pyType(value)}.`, guide);
}

function pyType(value: Value): string {
  const name = Array.isArray(value)
    ? "list"
    : isFloat(value)
      ? "float"
      : { string: "str", boolean: "bool", number: "int", bigint: "int" }[typeof value as string];
  return `<class ${pyRepr(name ?? "object")}>`;
}

function fail(code: Code, reason: string, guide: string): never {
  throw new FlowsteadError(code, `${reason} ${guide}`);
}
