// What a prompty says in its request besides prompt and model.

import type { ValueMap } from "../base/value.ts";
import type { Prompty } from "../prompt/prompty.ts";
import { checkFunctions, checkTools, functionCall, toolChoice } from "./function-calling.ts";

/**
 * The parameters of its head, with the choice of a tool or function that goes with those it lists.
 * @throws FlowsteadError `ChatAPIInvalidTools`, `ChatAPIInvalidFunctions`.
 */
export function promptyParameters({ model: { parameters } }: Prompty): ValueMap {
  const { tools, functions } = parameters;
  if (tools !== undefined) {
    checkTools(tools);
    return { ...parameters, tool_choice: toolChoice(parameters["tool_choice"] ?? null) };
  }
  if (functions === undefined) return parameters;
  checkFunctions(functions);
  return { ...parameters, function_call: functionCall(parameters["function_call"] ?? null) };
}
