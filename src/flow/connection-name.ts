// Which connections a flow needs, without running any of it.

import type { ToolParameter } from "./literal.ts";
import { takesConnection } from "./literal.ts";
import type { FlowDefinition, NodeDefinition } from "./definition.ts";
import { environmentConnections } from "./environment.ts";
import { applyVariants } from "./variant.ts";

/** Tells the parameters of a node's tool; undefined when they are not known. */
export type ParametersOf = (node: NodeDefinition) => Promise<Readonly<Record<string, ToolParameter>> | undefined>;

/** Names of the connections of llm nodes, of tools' connection parameters and of environment variables, in their order. */
export async function connectionNames(definition: FlowDefinition, parametersOf: ParametersOf): Promise<string[]> {
  const names = new Set(environmentConnections(definition.environmentVariables));
  for (const node of applyVariants(definition)) {
    if (node.connection) names.add(node.connection);
    const parameters = (await parametersOf(node)) ?? {};
    for (const [name, input] of Object.entries(node.inputs)) {
      const parameter = parameters[name];
      const takes = parameter ? takesConnection(parameter) : name === "connection";
      if (takes && input.kind === "literal" && typeof input.value === "string" && input.value !== "") {
        names.add(input.value);
      }
    }
  }
  return [...names];
}
