// Literal inputs of nodes, converted once to the types of the tool's parameters.

import { FlowsteadError } from "../base/error/error.ts";
import { type Value, isFloat, pyStr } from "../base/value.ts";
import type { Connection } from "../connection/connection.ts";
import type { Assignment, NodeDefinition } from "./definition.ts";
import type { FlowResources } from "./resource.ts";
import { VALUE_TYPES, parseTyped } from "./value.ts";

/** What a tool says about one of its parameters; `type` may list several connection classes. */
export interface ToolParameter {
  type: readonly string[];
}

/** Whether a parameter takes a connection; its literal is then the connection's name. */
export function takesConnection(parameter: ToolParameter): boolean {
  return parameter.type[0]?.endsWith("Connection") ?? false;
}

/**
 * The inputs with literals in their types. Null and empty text are left out, so that the parameter's default applies;
 * inputs that the tool does not name pass as they are.
 * @throws FlowsteadError `NodeInputValidationError`, `ValueTypeUnresolved`.
 */
export function convertLiterals(
  node: NodeDefinition,
  parameters: Readonly<Record<string, ToolParameter>>,
): Record<string, Assignment> {
  const converted: Record<string, Assignment> = {};
  for (const [name, assignment] of Object.entries(node.inputs)) {
    const isLiteral = assignment.kind === "literal";
    if (isLiteral && (assignment.value === null || assignment.value === "")) continue;
    const parameter = parameters[name];
    if (!isLiteral || !parameter || takesConnection(parameter)) {
      converted[name] = assignment;
      continue;
    }
    const value = convert(node.name, name, parameter, assignment.value);
    converted[name] = { ...assignment, value, ...(value === assignment.value ? {} : { style: "json" }) };
  }
  return converted;
}

/**
 * How literals are written that reach code as they are, which no type converts: the original hands them over in classes of its
 * YAML library, and code can tell. `undefined` when there are none.
 */
export function writtenLiterals(
  inputs: Readonly<Record<string, Assignment>>,
  parameters: Readonly<Record<string, ToolParameter>>,
): Record<string, string> | undefined {
  const written = Object.entries(inputs).flatMap(([name, input]): [string, string][] => {
    if (input.kind !== "literal" || (parameters[name]?.type[0] ?? "object") !== "object") return [];
    if (input.style === "json") return [];
    if (isFloat(input.value)) return [[name, "float"]];
    return input.style && typeof input.value === "string" ? [[name, input.style]] : [];
  });
  return written.length > 0 ? Object.fromEntries(written) : undefined;
}

function convert(node: string, name: string, parameter: ToolParameter, value: Value): Value {
  const type = parameter.type[0] ?? "object";
  if (!VALUE_TYPES.has(type)) {
    throw new FlowsteadError(
      "ValueTypeUnresolved",
      `Unresolved input type '${type}', please check if it is supported in current version.`,
    );
  }
  try {
    return parseTyped(type, value);
  } catch (thrown) {
    throw new FlowsteadError(
      "NodeInputValidationError",
      `Input '${name}' for node '${node}' of value '${pyStr(value)}' is not type ${type}.`,
      { cause: thrown, details: { node, input: name } },
    );
  }
}

/** The connection that a node names; one that names none is told so. @throws FlowsteadError `GetConnectionError`. */
export async function nodeConnection(
  resources: FlowResources,
  name: string | undefined,
  node: string,
): Promise<Connection> {
  try {
    return await resources.connection(name ?? "");
  } catch (thrown) {
    const { message } = FlowsteadError.from(thrown);
    const reason = name === undefined ? message.replace("Connection ''", "Connection None") : message;
    throw new FlowsteadError(
      "GetConnectionError",
      `Get connection '${name ?? "None"}' for node '${node}' error: ${reason}`,
      {
        cause: thrown,
        details: { node, connection: name ?? null },
      },
    );
  }
}
