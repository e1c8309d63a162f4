// What `.promptflow/flow.tools.json` says: the tools of a flow, those of its own files and those of packages.

import type { ValueMap } from "../../base/value.ts";
import type { FlowDefinition, NodeDefinition } from "../../flow/definition.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import type { PythonPool } from "../../python/pool.ts";
import { packageTools } from "../../registry/package-tool.ts";
import { toolMeta } from "../../tool/meta.ts";

/** A node as it is written somewhere in the flow's file. */
export interface WrittenNode {
  node: NodeDefinition;
  /** Its keys in the file: `nodes.0`, or `node_variants.ask.variants.short.node`. */
  path: readonly (string | number)[];
}

/** Every node that can run: those of `nodes` that no variant replaces, and all variants. */
export function writtenNodes({ nodes, variants }: FlowDefinition): WrittenNode[] {
  const replaced = ({ name, useVariants }: NodeDefinition): boolean => {
    const choice = variants[name];
    return useVariants && choice !== undefined && Object.hasOwn(choice.variants, choice.default);
  };
  const plain = nodes.flatMap((node, index) => (replaced(node) ? [] : [{ node, path: ["nodes", index] }]));
  const varied = Object.entries(variants).flatMap(([name, choice]) =>
    Object.entries(choice.variants).map(([id, node]) => ({
      node: {
        ...node,
        aggregation: node.aggregation || (nodes.find((one) => one.name === name)?.aggregation ?? false),
      },
      path: ["node_variants", name, "variants", id, "node"],
    })),
  );
  return [...plain, ...varied];
}

export interface FlowTools {
  package: ValueMap;
  /** By the file's path in the flow. */
  code: ValueMap;
}

export interface FlowToolsResult {
  tools: FlowTools;
  /** By file, what is wrong with those that have no meta. */
  faults: Map<string, FlowsteadError>;
}

export async function flowTools(
  definition: FlowDefinition,
  context: { directory: string; python: Pick<PythonPool, "meta"> },
): Promise<FlowToolsResult> {
  const known = packageTools();
  const tools: FlowTools = { package: {}, code: {} };
  const faults = new Map<string, FlowsteadError>();
  for (const { node } of writtenNodes(definition)) {
    const { source, type } = node;
    const id = source?.type === "code" ? undefined : source?.tool;
    const meta = id === undefined ? undefined : known[id];
    if (id !== undefined && meta !== undefined) tools.package[id] = meta;
    const file = source?.path;
    // A prompty is a flow of its own and no tool.
    if (
      file === undefined ||
      type === undefined ||
      type === "prompty" ||
      Object.hasOwn(tools.code, file) ||
      faults.has(file)
    )
      continue;
    try {
      tools.code[file] = await codeMeta(file, type, context);
    } catch (thrown) {
      faults.set(file, FlowsteadError.from(thrown));
    }
  }
  return { tools, faults };
}

/** The template of a custom_llm node is a prompt that its tool is given. */
async function codeMeta(
  file: string,
  type: string,
  context: { directory: string; python: Pick<PythonPool, "meta"> },
): Promise<ValueMap> {
  if (type !== "custom_llm") return toolMeta(file, type, context);
  return { ...(await toolMeta(file, "prompt", context)), type };
}
