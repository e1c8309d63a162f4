// `--connections node.connection=x node.deployment_name=y`: values in place of those that the flow's file gives its nodes.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import type { FlowDefinition, NodeDefinition } from "../../flow/definition.ts";
import { loadFlow } from "../../flow/load.ts";
import { parseAssignment } from "../../flow/reference.ts";
import { applyVariants } from "../../flow/variant.ts";

/** Values by node and key. */
export type NodeOverrides = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A script that takes a connection takes these too, also where its node does not name them; as in the original. */
const BESIDE_CONNECTION = new Set(["deployment_name", "model"]);

const LLM_TYPES = new Set(["llm", "custom_llm", "prompty"]);

/** The flow with its variants decided and the values put in. @throws FlowsteadError `UsageError` for an unknown node or input. */
export function overriddenFlow(
  source: string,
  overrides: NodeOverrides,
  variant?: { node: string; variant: string },
): { directory: string; definition: FlowDefinition } {
  const { directory, definition } = loadFlow(source);
  const nodes = applyVariants(definition, variant);
  const names = nodes.map(({ name }) => name);
  for (const name of Object.keys(overrides)) {
    if (names.includes(name)) continue;
    throw new FlowsteadError(
      "UsageError",
      `Node ${name} not found in flow. Its nodes: ${names.join(", ") || "none, for it is no flow.dag.yaml"}.`,
    );
  }
  const changed = nodes.map((node) => overridden(node, overrides[node.name] ?? {}, directory));
  return { directory, definition: { ...definition, nodes: changed, variants: {} } };
}

function overridden(node: NodeDefinition, values: Readonly<Record<string, string>>, directory: string): NodeDefinition {
  const result = { ...node, inputs: { ...node.inputs } };
  const isLlm = LLM_TYPES.has(node.type ?? "");
  for (const [key, value] of Object.entries(values)) {
    if (key === "connection" && isLlm) {
      result.connection = value;
      if (node.type !== "custom_llm" || !Object.hasOwn(node.inputs, key)) continue;
    }
    // A function has the parameters that it has; a model takes any setting.
    const isTaken = isLlm || Object.hasOwn(node.inputs, key) || BESIDE_CONNECTION.has(key);
    if (!isTaken && !declaresConnection(node, key, directory)) {
      throw new FlowsteadError(
        "UsageError",
        `Connection with name ${key} not found in node ${node.name}'s inputs. It has: ${Object.keys(node.inputs).join(", ") || "none"}.`,
      );
    }
    result.inputs[key] = parseAssignment(value);
  }
  return result;
}

/** Whether the node's code has a parameter of that name that takes a connection, which the flow's file leaves out. */
function declaresConnection({ source }: NodeDefinition, name: string, directory: string): boolean {
  const file = source?.type === "code" && source.path ? path.join(directory, source.path) : undefined;
  if (file === undefined || !existsSync(file)) return false;
  const declared = readFileSync(file, "utf8").matchAll(/\b(\w+)\s*:\s*["']?[\w.[]*Connection\b/g);
  return Array.from(declared).some(([, parameter]) => parameter === name);
}
