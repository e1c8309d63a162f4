// The nodes of a flow.dag.yaml, those of its variants included.

import { FlowsteadError } from "../../base/error/error.ts";
import { type Value, isMap } from "../../base/value.ts";
import type { YamlPath, YamlSource } from "../../base/yaml.ts";
import type { ActivateDefinition, Assignment, NodeDefinition, VariantDefinition } from "../definition.ts";
import type { NodeYaml, VariantsYaml } from "../flow-yaml.ts";
import { parseAssignment } from "../reference.ts";

/** The file that a node stands in; its name is for messages. */
export interface YamlFile {
  name: string;
  source: YamlSource;
}

/** @param at the node's place in the file */
export function readNode(node: NodeYaml, file: YamlFile, at: YamlPath): NodeDefinition {
  const { source } = node;
  const lineOf = (...rest: YamlPath): number => file.source.lineOf([...at, ...rest]);
  if (node.name === undefined) {
    throw new FlowsteadError("FlowDefinitionError", `${file.name}:${lineOf()}: a node has no name.`);
  }
  const place = { node: node.name, nodeLine: lineOf() };
  if (node.type === null) throw new FlowsteadError("ValueError", "None is not a valid ToolType", { details: place });
  return {
    name: node.name,
    type: node.type,
    source: source
      ? {
          // As the original, which tells a type that there is not when it looks for the tool.
          type: source.type === undefined ? "code" : (source.type ?? "None"),
          path: source.path ?? undefined,
          tool: source.tool ?? undefined,
        }
      : undefined,
    inputs: mapValues(node.inputs ?? {}, (value, name) => readInput(value, file.source, [...at, "inputs", name])),
    connection: node.connection ?? undefined,
    api: node.api ?? undefined,
    provider: node.provider ?? undefined,
    module: node.module ?? undefined,
    aggregation: node.aggregation ?? node.reduce ?? false,
    activate:
      node.activate === undefined || node.activate === null
        ? undefined
        : readActivate(node.name, node.activate, file.source.literalAt([...at, "activate", "is"])),
    useVariants: node.use_variants ?? false,
    line: lineOf(),
  };
}

function readInput(value: Value, source: YamlSource, at: YamlPath): Assignment {
  const assignment = parseAssignment(source.literalAt(at) ?? value);
  const style = source.styleOf(at);
  return assignment.kind === "literal" && style ? { ...assignment, style } : assignment;
}

function readActivate(node: string, activate: Value, is: Value | undefined): ActivateDefinition {
  if (!isMap(activate) || !("when" in activate) || !("is" in activate)) {
    throw new FlowsteadError(
      "FlowDefinitionError",
      `The definition of activate config for node ${node} is incorrect. Please check your flow yaml and resubmit.`,
      { details: { node } },
    );
  }
  return { when: parseAssignment(activate["when"] ?? null), is: is ?? activate["is"] ?? null };
}

export function readVariants(variants: VariantsYaml, file: YamlFile): Record<string, VariantDefinition> {
  return mapValues(variants, (variant, name) => ({
    default: variant.default_variant_id ?? "",
    variants: mapValues(variant.variants ?? {}, ({ node }, id) =>
      readNode({ ...node, name }, file, ["node_variants", name, "variants", id, "node"]),
    ),
  }));
}

function mapValues<T, U>(map: Record<string, T>, change: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
}
