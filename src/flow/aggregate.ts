// The aggregation nodes of a flow, run once over the completed lines of a batch run.

import { FlowsteadError } from "../base/error/error.ts";
import { type Value, type ValueMap, isFloat, isInt, isMap, pyRepr } from "../base/value.ts";
import type { Assignment, InputDefinition } from "./definition.ts";
import { parseInput } from "./input.ts";
import type { FlowPlan } from "./plan.ts";

/** Lists with one value per completed line. */
export interface AggregationLists {
  /** By the name of the flow input. */
  inputs: ValueMap;
  /** By reference as written, `${node.output.property}`. */
  nodes: ValueMap;
}

export interface AggregationNeeds {
  inputs: string[];
  nodes: { key: string; node: string; property: string }[];
}

/** What aggregation nodes refer to of each line. */
export function aggregationNeeds(plan: FlowPlan): AggregationNeeds {
  const inputs = new Set<string>();
  const nodes = new Map<string, AggregationNeeds["nodes"][number]>();
  for (const { inputs: given, definition } of plan.aggregations) {
    const assignments = [
      ...given.map(([, assignment]) => assignment),
      ...(definition.activate ? [definition.activate.when] : []),
    ];
    for (const assignment of assignments) {
      if (assignment.kind === "input") inputs.add(assignment.name);
      else if (assignment.kind === "node" && plan.perLine.has(assignment.node)) {
        const { node, property } = assignment;
        nodes.set(referenceKey(assignment), { key: referenceKey(assignment), node, property });
      }
    }
  }
  return { inputs: [...inputs], nodes: [...nodes.values()] };
}

/**
 * The plan of the aggregation: its nodes with the lists put in where they refer to lines.
 * @throws FlowsteadError `InvalidAggregationInput`; `InputTypeError` for a value that does not fit its input.
 */
export function planAggregation(plan: FlowPlan, lists: AggregationLists): { plan: FlowPlan; inputs: ValueMap } {
  const filled = fillDefaults(plan.inputs, lists);
  checkAggregationLists({ inputs: filled, nodes: lists.nodes });
  const inputs = typed(plan.inputs, filled);
  const put = (assignment: Assignment): Assignment => {
    if (assignment.kind === "input" && inputs[assignment.name] !== undefined) {
      return { kind: "literal", value: inputs[assignment.name] ?? null };
    }
    if (assignment.kind !== "node" || !plan.perLine.has(assignment.node)) return assignment;
    return { kind: "literal", value: lists.nodes[referenceKey(assignment)] ?? [] };
  };
  const nodes = plan.aggregations.map((node) => ({
    ...node,
    inputs: node.inputs.map(([name, assignment]): [string, Assignment] => [name, put(assignment)]),
  }));
  return { plan: { ...plan, nodes, aggregations: [], outputs: [], warnings: [] }, inputs };
}

/** Inputs that no line was given are their defaults, once per line. */
export function fillDefaults(definitions: readonly InputDefinition[], { inputs, nodes }: AggregationLists): ValueMap {
  const [first] = [...Object.values(inputs), ...Object.values(nodes)];
  const lines = Array.isArray(first) || typeof first === "string" ? first.length : 1;
  const filled = { ...inputs };
  for (const { name, default: value } of definitions) {
    if (filled[name] !== undefined || value === undefined || value === null) continue;
    filled[name] = Array.from({ length: lines }, () => value);
  }
  return filled;
}

/** @throws FlowsteadError `InvalidAggregationInput`. */
export function checkAggregationLists({ inputs, nodes }: AggregationLists): void {
  for (const [name, value] of Object.entries(inputs)) {
    if (nodes[name] !== undefined) {
      throw invalid(
        `The input '${name}' appears in both aggregated flow input and aggregated reference input. Please remove one of them and try the operation again.`,
      );
    }
    checkList("flow", name, value);
  }
  for (const [name, value] of Object.entries(nodes)) checkList("reference", name, value);
  const lengths = Object.fromEntries(
    Object.entries({ ...inputs, ...nodes }).map(([name, value]) => [name, (value as Value[]).length]),
  );
  if (new Set(Object.values(lengths)).size > 1) {
    throw invalid(
      `The length of all aggregated inputs should be the same. Current input lengths are: ${pyRepr(lengths)}. Please adjust the input value in your input data.`,
    );
  }
}

function checkList(kind: "flow" | "reference", name: string, value: Value): void {
  if (Array.isArray(value)) return;
  throw invalid(
    `The value for aggregated ${kind} input '${name}' should be a list, but received ${pythonType(value)}. Please adjust the input value to match the expected format.`,
  );
}

function invalid(reason: string): FlowsteadError {
  return new FlowsteadError("InvalidAggregationInput", `The input for aggregation is incorrect. ${reason}`);
}

function typed(definitions: readonly InputDefinition[], lists: ValueMap): ValueMap {
  const types = new Map(definitions.map(({ name, type }) => [name, type]));
  return Object.fromEntries(
    Object.entries(lists).map(([name, values]) => {
      const type = types.get(name);
      if (type === undefined) return [name, values];
      return [name, (values as Value[]).map((value, line) => parseInput(name, type, value, line))];
    }),
  );
}

function referenceKey({ node, section, property }: Extract<Assignment, { kind: "node" }>): string {
  return `\${${node}.${section}${property === "" ? "" : `.${property}`}}`;
}

function pythonType(value: Value): string {
  if (value === null) return "NoneType";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (isFloat(value)) return "float";
  if (isInt(value)) return "int";
  return isMap(value) ? "dict" : "list";
}
