// Order and references of nodes. The messages are the original's, which clients match.

import { FlowsteadError } from "../base/error/error.ts";
import { pyRepr } from "../base/value.ts";
import type { FlowDefinition, NodeDefinition } from "./definition.ts";

/** The nodes that a node waits for: those its inputs and its activate condition refer to. */
export function dependencies(node: NodeDefinition): Set<string> {
  const names = new Set<string>();
  for (const assignment of [...Object.values(node.inputs), ...(node.activate ? [node.activate.when] : [])]) {
    if (assignment.kind === "node") names.add(assignment.node);
  }
  return names;
}

/**
 * Checks every reference between nodes and returns the nodes in an order in which each follows what it refers to,
 * otherwise as written.
 */
export function orderNodes(nodes: NodeDefinition[], inputs: FlowDefinition["inputs"]): NodeDefinition[] {
  checkNames(nodes);
  checkInputs(nodes, new Set(inputs.map(({ name }) => name)));
  return sort(nodes, checkReferences(nodes));
}

function checkNames(nodes: NodeDefinition[]): void {
  const seen = new Set<string>();
  for (const { name } of nodes) {
    if (seen.has(name)) {
      throw graphError(
        "DuplicateNodeName",
        `Node with name '${name}' appears more than once in the node definitions in your flow, which is not allowed. To address this issue, please review your flow and either rename or remove nodes with identical names.`,
        name,
      );
    }
    seen.add(name);
  }
}

function checkInputs(nodes: NodeDefinition[], known: Set<string>): void {
  for (const node of nodes) {
    for (const assignment of Object.values(node.inputs)) {
      if (assignment.kind === "input" && !known.has(assignment.name)) {
        throw graphError(
          "InputReferenceNotFound",
          `Node '${node.name}' references flow input '${assignment.name}' which is not defined in your flow. To resolve this issue, please review your flow, ensuring that you either add the missing flow inputs or adjust node reference to the correct flow input.`,
          node.name,
        );
      }
    }
  }
}

function checkReferences(nodes: NodeDefinition[]): Map<string, Set<string>> {
  const known = new Map(nodes.map((node) => [node.name, node]));
  const waits = new Map<string, Set<string>>();
  for (const node of nodes) {
    const names = dependencies(node);
    waits.set(node.name, names);
    const when = node.activate?.when;
    if (node.aggregation && when?.kind === "node" && known.get(when.node)?.aggregation === false) {
      throw graphError(
        "InvalidNodeReference",
        `Non-aggregation node '${when.node}' cannot be referenced in the activate config of the aggregation node '${node.name}'. Please review and rectify the node reference.`,
        node.name,
      );
    }
    for (const name of names) {
      if (!known.has(name)) {
        throw graphError(
          "NodeReferenceNotFound",
          `Node '${node.name}' references a non-existent node '${name}' in your flow. Please review your flow to ensure that the node name is accurately specified.`,
          node.name,
        );
      }
    }
    const forbidden = [...names].filter((name) => known.get(name)?.aggregation);
    if (!node.aggregation && forbidden.length > 0) {
      throw graphError(
        "InvalidNodeReference",
        `Non-aggregate node '${node.name}' cannot reference aggregate nodes {${forbidden.map(pyRepr).join(", ")}}. Please review and rectify the node reference.`,
        node.name,
      );
    }
  }
  return waits;
}

function sort(nodes: NodeDefinition[], waits: Map<string, Set<string>>): NodeDefinition[] {
  const sorted: NodeDefinition[] = [];
  const picked = new Set<string>();
  const left = [...nodes];
  while (left.length > 0) {
    const next = left.findIndex(({ name }) => [...(waits.get(name) ?? [])].every((other) => picked.has(other)));
    const [node] = next < 0 ? [] : left.splice(next, 1);
    if (!node) {
      const remaining = left.map(({ name }) => name).toSorted();
      throw graphError(
        "NodeCircularDependency",
        `Node circular dependency has been detected among the nodes in your flow. Kindly review the reference relationships for the nodes ${pyRepr(remaining)} and resolve the circular reference issue in the flow.`,
        remaining[0] ?? "",
      );
    }
    picked.add(node.name);
    sorted.push(node);
  }
  return sorted;
}

type GraphErrorCode =
  | "DuplicateNodeName"
  | "InputReferenceNotFound"
  | "NodeReferenceNotFound"
  | "InvalidNodeReference"
  | "NodeCircularDependency";

function graphError(code: GraphErrorCode, reason: string, node: string): FlowsteadError {
  return new FlowsteadError(code, `Invalid node definitions found in the flow graph. ${reason}`, { details: { node } });
}
