// One node of a flow, run alone with given inputs and given outputs of the nodes before it.

import { FlowsteadError } from "../../base/error/error.ts";
import type { ValueMap } from "../../base/value.ts";
import { applyDefaults } from "../input.ts";
import type { FlowDefinition, NodeDefinition } from "../definition.ts";
import { parseTyped } from "../value.ts";

/** The definition of a flow that is this node alone, with the output `output`. */
export function isolateNode(definition: FlowDefinition, nodes: NodeDefinition[], name: string): FlowDefinition {
  const start = "Validation failed when attempting to execute the node.";
  const node = nodes.find((candidate) => candidate.name === name);
  if (!node) {
    throw new FlowsteadError(
      "SingleNodeValidationError",
      `${start} Node '${name}' is not found in flow '${definition.file}'. Please change node name or correct the flow file.`,
      { details: { node: name } },
    );
  }
  if (!node.source || !node.type) {
    throw new FlowsteadError(
      "SingleNodeValidationError",
      `${start} Properties 'source' or 'type' are not specified for Node '${name}' in flow '${definition.file}'. Please make sure these properties are in place and try again.`,
      { details: { node: name } },
    );
  }
  const used = new Set(Object.values(node.inputs).flatMap((input) => (input.kind === "input" ? [input.name] : [])));
  for (const input of used) {
    if (!definition.inputs.some((candidate) => candidate.name === input)) {
      throw notFound(
        `Node input '${input}' is not found from flow inputs of node '${name}'. Please review the node definition in your flow.`,
        name,
      );
    }
  }
  return {
    ...definition,
    inputs: definition.inputs.filter((input) => used.has(input.name)),
    nodes: [{ ...node, activate: undefined }],
    variants: {},
    outputs: [
      {
        name: "output",
        type: "object",
        reference: { kind: "node", node: name, section: "output", property: "" },
        isChatOutput: false,
        evaluationOnly: false,
      },
    ],
  };
}

/** The inputs of the isolated node, with complaints that speak of the node. */
export function resolveNodeInputs(definition: FlowDefinition, name: string, given: ValueMap): ValueMap {
  const filled = applyDefaults(definition.inputs, given);
  return Object.fromEntries(
    definition.inputs.map((input) => {
      const value = filled[input.name];
      if (value === undefined) {
        throw notFound(
          `Node input '${input.name}' is not found in input data for node '${name}'. Please verify the inputs data for the node.`,
          name,
        );
      }
      try {
        return [input.name, parseTyped(input.type, value)];
      } catch (thrown) {
        throw new FlowsteadError(
          "InputTypeError",
          `The input for node is incorrect. Value for input '${input.name}' of node '${name}' is not type '${input.type}'. Please review and rectify the input data.`,
          { cause: thrown, details: { node: name, input: input.name } },
        );
      }
    }),
  );
}

function notFound(reason: string, node: string): FlowsteadError {
  return new FlowsteadError("InputNotFound", `The input for node is incorrect. ${reason}`, { details: { node } });
}
