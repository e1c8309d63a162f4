// Inputs of package tools that a node has to write out: connections and the like.

import { FlowsteadError } from "../base/error/error.ts";
import { pyStr } from "../base/value.ts";
import type { Connection } from "../connection/connection.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { nodeConnection } from "../flow/literal.ts";
import type { FlowResources } from "../flow/resource.ts";

/** The text of a literal input; undefined when it is missing, empty or a reference. */
export function literalText(node: NodeDefinition, name: string): string | undefined {
  const input = node.inputs[name];
  if (input?.kind !== "literal" || input.value === null || input.value === "") return undefined;
  return pyStr(input.value);
}

/**
 * The connection that a node names in its input `connection`.
 * @throws FlowsteadError `NodeInputValidationError`, `GetConnectionError`.
 */
export async function packageConnection(
  node: NodeDefinition,
  resources: FlowResources,
  types: readonly string[],
): Promise<Connection> {
  const name = literalText(node, "connection");
  if (name === undefined) {
    throw new FlowsteadError("NodeInputValidationError", `Input 'connection' for node '${node.name}' is missing.`, {
      details: { node: node.name, input: "connection" },
    });
  }
  const connection = await nodeConnection(resources, name, node.name);
  if (types.includes(connection.type)) return connection;
  throw new FlowsteadError(
    "NodeInputValidationError",
    `Input 'connection' for node '${node.name}' of type '${connection.type}' is not supported, valid types [${types.map((type) => `'${type}'`).join(", ")}].`,
    { details: { node: node.name, input: "connection" } },
  );
}
