import { PythonLiteral, type Value, type ValueMap } from "../../base/value.ts";
import type { TemplateReads } from "../../prompt/foreign.ts";
import { literalView } from "../../prompt/literal-view.ts";
import { RenderedText } from "../../prompt/rendered-text.ts";
import { type PythonResult, PythonValue } from "../../python/python-value.ts";
import type { PythonInput } from "../../python/session.ts";
import { TextFeed } from "../../python/text-feed.ts";

/**
 * What nodes hand to each other: plain data, a Python object that stays in its process, a prompt's text that still knows
 * which of its parts a user wrote, or, to code that can read it so, a text that comes while the code runs.
 */
export type NodeValue = PythonResult | RenderedText | TextFeed;

/** A node's input: an aggregation node gets lists where there is one value per line. */
export type NodeInput = NodeValue | NodeValue[];

/** The plain data of a value, for events, outputs and conditions. */
export function plainValue(value: NodeValue): Value {
  if (value instanceof PythonValue) return value.toJson();
  if (value instanceof PythonLiteral) return value.facts.plain;
  if (value instanceof TextFeed) return "<generator>"; // As the original, and as other generators, whatever comes of it.
  return value instanceof RenderedText ? value.text : value;
}

/** The plain data of inputs, for events. */
export function plainInputs(inputs: Record<string, NodeInput>): ValueMap {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      name,
      value instanceof PythonLiteral ? value.toJSON() : plainInput(value),
    ]),
  );
}

export function plainInput(value: NodeInput): Value {
  return Array.isArray(value) ? (value as NodeValue[]).map(plainValue) : plainValue(value);
}

/** What a template sees: Python objects as what it reads of them, prompts with their memory, the rest as it is. */
export function templateInput(value: NodeInput, reads: TemplateReads): unknown {
  if (value instanceof PythonValue) return value.view(reads);
  if (value instanceof PythonLiteral) return literalView(value);
  if (!Array.isArray(value) || !value.some(isObject)) return value;
  return Promise.all((value as NodeValue[]).map(async (item) => templateInput(item, reads)));
}

function isObject(value: NodeValue): boolean {
  return value instanceof PythonValue || value instanceof PythonLiteral;
}

/** What Python sees: prompts as text. */
export function pythonInput(value: NodeInput): PythonInput {
  if (Array.isArray(value)) {
    // Lists are given to aggregation nodes, which read no streams.
    return (value as Exclude<NodeValue, TextFeed>[]).map((item) => (item instanceof RenderedText ? item.text : item));
  }
  return value instanceof RenderedText ? value.text : value;
}
