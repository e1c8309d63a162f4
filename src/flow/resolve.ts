// The values of a node's inputs while a flow runs.

import { FlowsteadError } from "../base/error/error.ts";
import { PythonLiteral, type ValueMap, pyEquals, pyRepr } from "../base/value.ts";
import { PythonValue } from "../python/python-value.ts";
import { TextFeed } from "../python/text-feed.ts";
import type { Assignment } from "./definition.ts";
import { type NodeInput, type NodeValue, plainValue } from "./node/value.ts";
import type { PlannedNode } from "./plan.ts";
import { invalidProperty, propertyPath, readProperty, unknownKind } from "./reference.ts";

/** What has come of the nodes so far. */
export interface Progress {
  inputs: ValueMap;
  /** Values of completed nodes; null for bypassed ones. */
  values: Map<string, NodeValue>;
  bypassed: Set<string>;
}

/** @throws FlowsteadError `UnsupportedReference`, `InvalidReferenceProperty`, `InputNotFoundFromAncestorNodeOutput`. */
export function resolveAssignment(assignment: Assignment, progress: Progress): NodeValue | Promise<NodeValue> {
  if (assignment.kind === "literal") return assignment.value;
  if (assignment.kind === "input") return flowInput(assignment.name, progress.inputs);
  if (assignment.kind !== "node") throw unknownKind(assignment);
  if (assignment.section !== "output") {
    throw new FlowsteadError(
      "UnsupportedReference",
      `Flow execution failed. The section '${assignment.section}' of reference is currently unsupported. Please specify the output part of the node '${assignment.node}'.`,
      { details: { node: assignment.node } },
    );
  }
  const value = progress.values.get(assignment.node);
  if (value === undefined) {
    throw new FlowsteadError(
      "InputNotFoundFromAncestorNodeOutput",
      `Flow execution failed. The input '${assignment.node}' is not found from ancestor node outputs ${pyRepr([...progress.values.keys()])}. Please check the node name and try again.`,
      { details: { node: assignment.node } },
    );
  }
  return nodeProperty(assignment.node, value, assignment.property);
}

/** The same for who reads no streams: the whole of a text that comes. */
function resolveWhole(assignment: Assignment, progress: Progress): NodeValue | Promise<NodeValue> {
  const value = resolveAssignment(assignment, progress);
  return value instanceof TextFeed ? value.whole() : value;
}

function flowInput(name: string, inputs: ValueMap): NodeValue {
  const value = inputs[name];
  if (value !== undefined) return value;
  throw new FlowsteadError(
    "InputNotFound",
    `Flow execution failed. The input '${name}' is not found from flow inputs '${Object.keys(inputs).join(", ")}'. Please check the input name and try again.`,
    { details: { input: name } },
  );
}

/** A property of a node's value, read where the value lives. */
export function nodeProperty(node: string, value: NodeValue, property: string): NodeValue | Promise<NodeValue> {
  if (property === "") return value;
  if (value instanceof TextFeed) throw invalidProperty(property, node);
  if (!(value instanceof PythonValue)) return readProperty(plainValue(value), property, node);
  return value.property(propertyPath(property)).catch((thrown: unknown) => {
    throw thrown instanceof FlowsteadError ? thrown : invalidProperty(property, node);
  });
}

/** Whether the node is to be left out, and why; the rules are those of the specification's section 2.5. */
export function isBypassed(node: PlannedNode, progress: Progress): boolean | Promise<boolean> {
  const { activate } = node.definition;
  if (activate) {
    const { when, is } = activate;
    if (when.kind === "node" && progress.bypassed.has(when.node)) return true;
    const value = resolveWhole(when, progress);
    if (value instanceof Promise) return value.then((settled) => !pyEquals(plainValue(settled), is));
    return !pyEquals(value instanceof PythonLiteral ? value : plainValue(value), is);
  }
  if (progress.bypassed.size === 0) return false;
  const references = node.inputs.flatMap(([, input]) => (input.kind === "node" ? [input.node] : []));
  return references.length > 0 && references.every((name) => progress.bypassed.has(name));
}

/**
 * The inputs of a node. One that refers to a bypassed node is left out when the tool has a default for it, else null.
 * @param perLine names of the nodes whose values an aggregation node gets as lists; flow inputs come as lists then, too
 */
export function nodeInputs(
  node: PlannedNode,
  progress: Progress,
  options: { perLine?: ReadonlySet<string>; warn: (message: string) => void },
): Record<string, NodeInput> | Promise<Record<string, NodeInput>> {
  const { perLine, warn } = options;
  const resolved: Record<string, NodeInput> = {};
  const resolve = node.prepared.readsStreams === true && !perLine ? resolveAssignment : resolveWhole;
  // Only what lives in Python has to be waited for.
  let waiting: Promise<void>[] | undefined;
  for (const [name, assignment] of node.inputs) {
    const asList =
      perLine && (assignment.kind === "input" || (assignment.kind === "node" && perLine.has(assignment.node)));
    if (assignment.kind === "node" && progress.bypassed.has(assignment.node)) {
      if (asList) resolved[name] = [null];
      else if (!node.prepared.optionalInputs.has(name)) {
        warn(
          `The node '${assignment.node}' referenced by the input '${name}' of the current node '${node.name}' has been bypassed, and no default value is set. Will use 'None' as the value for this input.`,
        );
        resolved[name] = null;
      }
      continue;
    }
    if (assignment.kind === "input" && isLeftOut(assignment.name, node, progress)) continue;
    const value = resolve(assignment, progress);
    if (value instanceof Promise) {
      // Its place among the others is taken now.
      resolved[name] = null;
      (waiting ??= []).push(
        value.then((settled) => {
          resolved[name] = asList ? [settled] : settled;
        }),
      );
    } else resolved[name] = asList ? [value] : value;
  }
  return waiting ? Promise.all(waiting).then(() => resolved) : resolved;
}

/** An input that has no value because the code has a default for it. */
function isLeftOut(name: string, node: PlannedNode, { inputs }: Progress): boolean {
  return inputs[name] === undefined && node.kind === "flex" && node.prepared.optionalInputs.has(name);
}
