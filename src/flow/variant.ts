import type { FlowDefinition, NodeDefinition } from "./definition.ts";
import { FlowsteadError } from "../base/error/error.ts";

/** A choice written as `${node.variant_1}`. @throws FlowsteadError `UsageError`. */
export function parseVariant(text: string): { node: string; variant: string } {
  const match = /^\$\{([^.{}]+)\.([^.{}]+)\}$/.exec(text);
  if (!match) {
    throw new FlowsteadError("UsageError", `Invalid variant '${text}'. Write it as \${node_name.variant_name}.`);
  }
  return { node: match[1] as string, variant: match[2] as string };
}

/**
 * The nodes with their variants put in: the one chosen, else the default. As in the original, a node without
 * `use_variants` is taken as written, whatever is chosen, and so is one whose default variant is not there.
 */
export function applyVariants(flow: FlowDefinition, choice?: { node: string; variant: string }): NodeDefinition[] {
  if (choice && !flow.variants[choice.node]?.variants[choice.variant]) {
    const known = Object.keys(flow.variants[choice.node]?.variants ?? {}).join(", ") || "none";
    throw new FlowsteadError(
      "UsageError",
      `Node '${choice.node}' has no variant '${choice.variant}'. Its variants: ${known}.`,
    );
  }
  return flow.nodes.map((node) => {
    const variants = flow.variants[node.name];
    if (!node.useVariants) return node;
    const id = choice?.node === node.name ? choice.variant : variants?.default;
    return (id !== undefined && variants?.variants[id]) || node;
  });
}
