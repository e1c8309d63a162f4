// Inputs as people give them to `flow test`: words or a file, for the whole flow or for one node of it.

import { readFile } from "node:fs/promises";
import { FlowsteadError } from "../../base/error/error.ts";
import { parseJson } from "../../base/json.ts";
import { type Value, type ValueMap, isMap } from "../../base/value.ts";
import type { Assignment, NodeDefinition } from "../../flow/definition.ts";
import { pairs } from "../pair.ts";

/** `name=value` words, or one file with a JSON object (of a .jsonl file, its first line). */
export async function readInputs(words: readonly string[]): Promise<ValueMap> {
  const [first] = words;
  if (words.length !== 1 || first === undefined || !/\.jsonl?$/.test(first)) return pairs(words);
  const text = await readFile(first, "utf8").catch((cause: Error) => {
    throw new FlowsteadError("UsageError", `Cannot read the inputs file ${first}: ${cause.message}`, { cause });
  });
  const plain = text.replace(/^\uFEFF/, "");
  const value = readJson(first.endsWith(".jsonl") ? (plain.split("\n", 1)[0] ?? "") : plain, first);
  if (!isMap(value))
    throw new FlowsteadError("UsageError", `${first} must hold a JSON object whose keys are the flow's inputs.`);
  return value;
}

/** What a node that is run alone is given: values of flow inputs, and outputs of the nodes before it. */
export interface NodeInputs {
  inputs: ValueMap;
  outputs: ValueMap;
  /** Given, but of no use to the node. */
  unknown: string[];
  /** What may be given, as one would write it. */
  known: string[];
}

/**
 * Sorts what was given for a node. An input that refers to another node is named as in the flow (`fetch.output`, or
 * `fetch.output.text` for a part), one that refers to a flow input by that name; the node's own name for it does as well.
 */
export function nodeInputs(node: NodeDefinition, given: ValueMap): NodeInputs {
  const sorted: NodeInputs = { inputs: {}, outputs: {}, unknown: [], known: [] };
  const used = new Set<string>();
  const take = (names: readonly string[]): Value | undefined => {
    const found = names.flatMap((name) => [name, `\${${name}}`]).find((name) => Object.hasOwn(given, name));
    if (found === undefined) return undefined;
    used.add(found);
    return given[found];
  };
  for (const [name, assignment] of Object.entries(node.inputs)) {
    const names = writtenAs(assignment);
    if (names[0] === undefined) continue;
    sorted.known.push(names[0]);
    const value = take([...names, name]);
    if (value === undefined) continue;
    if (assignment.kind === "input") sorted.inputs[assignment.name] = value;
    else if (assignment.kind === "node") putOutput(sorted.outputs, assignment, value);
  }
  sorted.unknown = Object.keys(given).filter((name) => !used.has(name));
  return sorted;
}

function writtenAs(assignment: Assignment): string[] {
  if (assignment.kind === "input") return [assignment.name, `inputs.${assignment.name}`, `flow.${assignment.name}`];
  if (assignment.kind === "literal") return [];
  const { node, section, property } = assignment;
  const whole = `${node}.${section}`;
  return property === "" ? [whole] : [`${whole}.${property}`, whole];
}

/** A part is put where the reference will look for it; a whole output given for a part is taken apart. */
function putOutput(outputs: ValueMap, { node, property }: Extract<Assignment, { kind: "node" }>, value: Value): void {
  if (property === "" || (isMap(value) && Object.hasOwn(value, property))) outputs[node] = value;
  else {
    const before = outputs[node];
    outputs[node] = { ...(isMap(before ?? null) ? (before as ValueMap) : {}), [property]: value };
  }
}

function readJson(text: string, file: string): Value {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new FlowsteadError("UsageError", `Cannot read the inputs file ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
