// The reference grammar: `${inputs.x}`, `${node}`, `${node.output}`, `${node.output.a.b['c'][1]}`. A value is a
// reference as a whole or not at all, blanks count, and the whole rest after `inputs.` is one input's name.

import { FlowsteadError } from "../base/error/error.ts";
import { type Value, isMap } from "../base/value.ts";
import type { Assignment } from "./definition.ts";

const INPUT_PREFIXES = ["inputs.", "flow."];

/** Whether the text between `${` and `}` names a flow input. */
export function isFlowInput(text: string): boolean {
  return INPUT_PREFIXES.some((prefix) => text.startsWith(prefix));
}

export function parseAssignment(value: Value): Assignment {
  if (typeof value !== "string" || value.length <= 2 || !value.startsWith("${") || !value.endsWith("}")) {
    return { kind: "literal", value };
  }
  const text = value.slice(2, -1);
  const prefix = INPUT_PREFIXES.find((candidate) => text.startsWith(candidate));
  if (prefix) return { kind: "input", name: text.slice(prefix.length) };
  const [node = "", section = "output", ...property] = text.split(".");
  return { kind: "node", node, section, property: property.join(".") };
}

/** The inverse of `parseAssignment`, with the section always written: `${node.output}`. */
export function formatAssignment(assignment: Assignment): Value {
  if (assignment.kind === "literal") return assignment.value;
  if (assignment.kind === "input") return `\${inputs.${assignment.name}}`;
  const { node, section, property } = assignment;
  return property ? `\${${node}.${section}.${property}}` : `\${${node}.${section}}`;
}

/** A reference of a kind that no file can have: a program gave the definition. */
export function unknownKind(reference: never): FlowsteadError {
  const { kind } = reference as { kind: string };
  return new FlowsteadError(
    "FlowNotSupported",
    `Flow execution failed. The type '${kind}' is currently unsupported. Please choose from available types: ['Literal', 'FlowInput', 'NodeReference'] and try again.`,
    { details: { kind } },
  );
}

const PROPERTY_PART = /([\p{L}\p{N}_]+)|(\['.*?'\])|(\[\d+\])/gu;

/** The steps of a property: names and keys as text, list positions as numbers. Other characters only separate. */
export function propertyPath(property: string): (string | number)[] {
  return Array.from(property.matchAll(PROPERTY_PART), ([part, name]) => {
    if (name !== undefined) return name;
    const inner = part.slice(1, -1);
    return inner.startsWith("'") ? inner.slice(1, -1) : Number(inner);
  });
}

/** @throws FlowsteadError `InvalidReferenceProperty`. */
export function readProperty(value: Value, property: string, node: string): Value {
  let current: Value | undefined = value;
  for (const step of propertyPath(property)) {
    current = readStep(current, step);
    if (current === undefined) throw invalidProperty(property, node);
  }
  return current;
}

function readStep(value: Value, step: string | number): Value | undefined {
  if (typeof step === "number") return Array.isArray(value) || typeof value === "string" ? value[step] : undefined;
  return isMap(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

export function invalidProperty(property: string, node: string): FlowsteadError {
  return new FlowsteadError(
    "InvalidReferenceProperty",
    `Flow execution failed. Invalid property '${property}' when accessing the node '${node}'. Please check the property and try again.`,
    { details: { node, property } },
  );
}
