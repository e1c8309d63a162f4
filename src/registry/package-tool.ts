// The package tools that flows can name, described as `tool list` and `flow.tools.json` describe them.

import type { Value, ValueMap } from "../base/value.ts";

interface ToolInput {
  type: string[];
  default?: Value;
  enum?: string[];
}

interface PackageTool {
  id: string;
  name: string;
  description: string;
  type: "python" | "custom_llm";
  inputs: Record<string, ToolInput>;
}

const MODEL_CONNECTIONS = ["AzureOpenAIConnection", "OpenAIConnection", "ServerlessConnection"];
const text = (fallback?: string): ToolInput =>
  fallback === undefined ? { type: ["string"] } : { type: ["string"], default: fallback };

const TOOLS: readonly PackageTool[] = [
  {
    id: "promptflow.tools.embedding.embedding",
    name: "Embedding",
    description: "The vector that an embedding model gives for a text.",
    type: "python",
    inputs: { connection: { type: MODEL_CONNECTIONS }, deployment_name: text(), model: text(), input: text() },
  },
  {
    id: "promptflow_vectordb.tool.common_index_lookup.search",
    name: "Index Lookup",
    description: "The passages of an index that fit a question best.",
    type: "python",
    inputs: {
      mlindex_content: text(),
      queries: { type: ["object"] },
      query_type: {
        type: ["string"],
        default: "Hybrid (vector + keyword)",
        enum: ["Keyword", "Vector", "Hybrid (vector + keyword)"],
      },
      top_k: { type: ["int"], default: 3 },
    },
  },
];

/** By id, in the original's form. */
export function packageTools(): Record<string, ValueMap> {
  return Object.fromEntries(TOOLS.map(({ id, ...tool }) => [id, describe(id, tool)]));
}

function describe(id: string, { name, description, type, inputs }: Omit<PackageTool, "id">): ValueMap {
  const at = id.lastIndexOf(".");
  return {
    name,
    description,
    type,
    module: id.slice(0, at),
    function: id.slice(at + 1),
    inputs: inputs as unknown as ValueMap,
  };
}
