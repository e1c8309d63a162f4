import type { Value, ValueMap } from "../../base/value.ts";
import type { TemplateReads } from "../../prompt/foreign.ts";
import { RenderedText } from "../../prompt/rendered-text.ts";
import { type PythonResult, PythonValue } from "../../python/python-value.ts";

/**
 * What nodes hand to each other: plain data, a Python object that stays in its process, or a prompt's text that still
 * knows which of its parts a user wrote.
 */
export type NodeValue = PythonResult | RenderedText;

/** A node's input: an aggregation node gets lists where there is one value per line. */
export type NodeInput = NodeValue | NodeValue[];

/** The plain data of a value, for events, outputs and conditions. */
export function plainValue(value: NodeValue): Value {
  if (value instanceof PythonValue) return value.toJson();
  return value instanceof RenderedText ? value.text : value;
}

/** The plain data of inputs, for events. */
export function plainInputs(inputs: Record<string, NodeInput>): ValueMap {
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, plainInput(value)]));
}

export function plainInput(value: NodeInput): Value {
  return Array.isArray(value) ? (value as NodeValue[]).map(plainValue) : plainValue(value);
}

/** What a template sees: Python objects as what it reads of them, prompts with their memory, the rest as it is. */
export function templateInput(value: NodeInput, reads: TemplateReads): unknown {
  if (value instanceof PythonValue) return value.view(reads);
  if (!Array.isArray(value) || !value.some((item) => item instanceof PythonValue)) return value;
  return Promise.all(value.map(async (item) => (item instanceof PythonValue ? item.view(reads) : item)));
}

/** What Python sees: prompts as text. */
export function pythonInput(value: NodeInput): PythonResult | PythonResult[] {
  if (Array.isArray(value))
    return (value as NodeValue[]).map((item) => (item instanceof RenderedText ? item.text : item));
  return value instanceof RenderedText ? value.text : value;
}
