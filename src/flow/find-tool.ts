// Which tool a node asks for: that of its type, or the package tool that its source names.

import { FlowsteadError } from "../base/error/error.ts";
import { pyRepr } from "../base/value.ts";
import type { NodeDefinition } from "./definition.ts";
import type { NodeTool } from "./tool.ts";

export interface ToolTable {
  known: ReadonlyMap<string, NodeTool>;
  /** Ids of known package tools that nodes of this flow name: what the original calls available. */
  named: readonly string[];
}

/** Types of nodes that are nothing without a source. */
const SOURCED: ReadonlySet<string> = new Set(["python", "prompt", "llm", "custom_llm"]);

/** What the source of a type of nodes may be; the others do not ask. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  python: ["code", "package"],
  custom_llm: ["package_with_prompt"],
};

/** Types that the original knows and nothing runs here, under the names that its messages give them. */
const UNRUN: Readonly<Record<string, string>> = { csharp: "ToolType.CSHARP", action: "ToolType._ACTION" };

/** @throws FlowsteadError `UserErrorException`, `NotImplementedError`, `PackageToolNotFoundError`, `ValueError`. */
export function findTool(node: NodeDefinition, { known, named }: ToolTable): NodeTool {
  const { name, type, source } = node;
  if (!source && (type === undefined || SOURCED.has(type))) {
    throw new FlowsteadError("UserErrorException", `Node ${name} does not have source defined.`);
  }
  if (type === undefined || UNRUN[type] !== undefined) throw unsupported(`Tool type ${UNRUN[type ?? ""] ?? "None"}`);
  if (source && SOURCES[type] && !SOURCES[type].includes(source.type)) {
    throw unsupported(`Tool source type ${source.type} for ${type} tool`);
  }
  const isPackage = source?.type === "package" || source?.type === "package_with_prompt";
  const id = isPackage ? source.tool : type;
  const tool = known.get(id ?? "") ?? (isPackage && id ? known.get("package") : undefined);
  if (tool) return tool;
  if (isPackage) {
    throw new FlowsteadError(
      "PackageToolNotFoundError",
      `Package tool '${id ?? "None"}' is not found in the current environment. All available package tools are: ${pyRepr(named)}.`,
    );
  }
  throw new FlowsteadError("ValueError", `${pyRepr(type)} is not a valid ToolType`, {
    details: { node: name, nodeLine: node.line },
  });
}

function unsupported(what: string): FlowsteadError {
  return new FlowsteadError("NotImplementedError", `${what} is not supported yet.`);
}
