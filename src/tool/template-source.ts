// The template file of prompt and llm nodes.

import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { isMap, pyRepr } from "../base/value.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import type { MessageFormat } from "../flow/image.ts";
import { type NodeInput, plainInput, templateInput } from "../flow/node/value.ts";
import { templateImages } from "../flow/template-image.ts";
import type { TemplateReads } from "../prompt/foreign.ts";
import { RenderedText } from "../prompt/rendered-text.ts";
import { PythonValue } from "../python/python-value.ts";

/** The text of a node's template. @throws FlowsteadError `InvalidSource`. */
export function readTemplate(node: NodeDefinition, directory: string): { text: string; file: string } {
  const file = node.source?.path;
  const full = file === undefined ? undefined : path.join(directory, file);
  if (full === undefined || !statSync(full, { throwIfNoEntry: false })?.isFile()) {
    throw new FlowsteadError(
      "InvalidSource",
      `Node source path '${file ?? "None"}' is invalid on node '${node.name}'.`,
      { details: { node: node.name, file } },
    );
  }
  // Editors of Windows put a mark before the first line, which would keep a role there from being seen.
  return { text: readFileSync(full, "utf8").replace(/^\uFEFF/, ""), file: file as string };
}

/**
 * Refuses a template whose variables have the names of the tool's own parameters.
 * @param whose ends the message: `parameters of OpenAI.chat`
 * @throws FlowsteadError `NodeInputValidationError`.
 */
export function refuseReserved(
  node: string,
  variables: readonly string[],
  reserved: Iterable<string>,
  whose: string,
): void {
  const names = new Set(reserved);
  const taken = variables.filter((name) => names.has(name));
  if (taken.length === 0) return;
  throw new FlowsteadError(
    "NodeInputValidationError",
    `Invalid inputs {${taken.map(pyRepr).join(", ")}} in prompt template of node ${node}. These inputs are duplicated with the ${whose}.`,
    { details: { node, inputs: taken } },
  );
}

/** Names of the inputs whose values are a caller's: their text can never become a chat role. */
export function callerInputs(node: NodeDefinition): string[] {
  return Object.entries(node.inputs).flatMap(([name, input]) => (input.kind === "input" ? [name] : []));
}

/**
 * Names of the inputs whose values can never become a chat role: those bound to a caller's inputs, and every list and dict,
 * wherever it comes from. Retrieved documents and histories are data that others wrote; the original protects only the
 * caller's own inputs.
 */
export function escapedInputs(callers: readonly string[], values: Record<string, NodeInput>): readonly string[] {
  const structures = Object.keys(values).filter((name) => !callers.includes(name) && isStructure(values[name] ?? null));
  return structures.length === 0 ? callers : [...callers, ...structures];
}

function isStructure(value: NodeInput): boolean {
  if (value instanceof RenderedText) return false;
  if (value instanceof PythonValue && value.jsonError !== undefined) return true;
  const plain = plainInput(value);
  return Array.isArray(plain) || isMap(plain);
}

/** Inputs as a template sees them; a promise only where something lives in Python. */
export function templateContext(
  inputs: Record<string, NodeInput>,
  { format, reads }: { format: MessageFormat; reads: TemplateReads },
): Record<string, unknown> | Promise<Record<string, unknown>> {
  const context: Record<string, unknown> = {};
  let waiting: Promise<void>[] | undefined;
  for (const [name, value] of Object.entries(inputs)) {
    const seen = templateInput(value, reads);
    // Images that Python made are told in one notation, whatever the flow's is.
    const notation = value instanceof PythonValue ? "basic" : format;
    if (seen instanceof Promise) {
      // Its place among the others is taken now.
      context[name] = undefined;
      (waiting ??= []).push(seen.then((settled) => void (context[name] = templateImages(settled, notation))));
    } else context[name] = templateImages(seen, notation);
  }
  return waiting ? Promise.all(waiting).then(() => context) : context;
}
