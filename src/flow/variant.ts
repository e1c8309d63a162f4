import type { FlowDefinition, NodeDefinition } from "./definition.ts";
import { FlowsteadError } from "../base/error/error.ts";

/** A choice written as `${node.variant_1}`. @throws FlowsteadError `UsageError`. */
export function parseVariant(text: string): { node: string; variant: string } {
  const match = /^\$\{([^.{}]+)\.([^.{}]+)\}$/.exec(text);
  if (!match) {
    throw new FlowsteadError(
      "UsageError",
      `Invalid variant format: ${text}, variant should be in format of \${TUNING_NODE.VARIANT}`,
    );
  }
  return { node: match[1] as string, variant: match[2] as string };
}

/**
 * The nodes with their variants put in: the one chosen, else the default. As in the original, a node without
 * `use_variants` is taken as written, whatever is chosen, and so is one whose default variant is not there.
 */
export function applyVariants(flow: FlowDefinition, choice?: { node: string; variant: string }): NodeDefinition[] {
  if (choice && !flow.variants[choice.node]?.variants[choice.variant]) throw unknownVariant(flow, choice);
  return flow.nodes.map((node) => {
    const variants = flow.variants[node.name];
    if (!node.useVariants) return node;
    const id = choice?.node === node.name ? choice.variant : variants?.default;
    return (id !== undefined && variants?.variants[id]) || node;
  });
}

function unknownVariant(
  { nodes, variants }: FlowDefinition,
  choice: { node: string; variant: string },
): FlowsteadError {
  if (!nodes.some(({ name }) => name === choice.node)) {
    const known = nodes.map(({ name }) => name).join(", ");
    return new FlowsteadError("UsageError", `Node ${choice.node} not found in flow. Its nodes: ${known}.`);
  }
  const known = Object.keys(variants[choice.node]?.variants ?? {}).join(", ") || "none";
  const message = `Variant ${choice.variant} not found for node ${choice.node}. Its variants: ${known}.`;
  return new FlowsteadError("UsageError", message);
}

/**
 * Refuses nodes that are left with nothing to run because their default variant is not there, in the words of the
 * original's commands; its executor alone would say that the node has no source.
 * @throws FlowsteadError `FlowDefinitionError`.
 */
export function checkVariants({ variants, file }: FlowDefinition, nodes: readonly NodeDefinition[]): void {
  for (const { name, useVariants, source, type, line } of nodes) {
    if (!useVariants || source || type) continue;
    const message = missingVariant(name, variants[name]);
    throw new FlowsteadError("FlowDefinitionError", message, { details: { node: name, file, line } });
  }
}

function missingVariant(node: string, known: FlowDefinition["variants"][string] | undefined): string {
  if (!known) return `No variant for the node ${node}.`;
  if (!known.default) return `Default variant id is not specified for ${node}.`;
  return `Cannot find the variant ${known.default} for ${node}.`;
}
