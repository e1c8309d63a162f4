// The older look-up tools of the original: by a vector that the flow has made itself, or by a text. Their results have the
// same fields as those of the index lookup.

import { FlowsteadError } from "../base/error/error.ts";
import { type Value, pyStr } from "../base/value.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { convertLiterals } from "../flow/literal.ts";
import { type NodeInput, plainInput } from "../flow/node/value.ts";
import type { NodeCall, NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import type { FlowResources } from "../flow/resource.ts";
import { indexNameOf } from "../search/search.ts";
import { lookupEntry } from "./index-lookup.ts";
import { searchIndexOf } from "./ml-index.ts";

interface LookupKind {
  parameters: Readonly<Record<string, { type: string[] }>>;
  /** Inputs of which one names the index. */
  index: readonly string[];
  /** Whether the index was a folder of files, of FAISS. */
  isFolder?: true;
  /** The input with what is looked for. */
  query: string;
}

const TOP = { top_k: { type: ["int"] } };

export const VECTOR_DB_LOOKUP_TOOL = lookupTool(
  "promptflow_vectordb.tool.vector_db_lookup.VectorDBLookup.search",
  ["embeddingstore.tool.vector_db_lookup.VectorDBLookup.search"],
  {
    parameters: {
      connection: { type: ["string"] },
      index_name: { type: ["string"] },
      collection_name: { type: ["string"] },
      class_name: { type: ["string"] },
      namespace: { type: ["string"] },
      text_field: { type: ["string"] },
      vector_field: { type: ["string"] },
      search_params: { type: ["object"] },
      search_filters: { type: ["object"] },
      vector: { type: ["list"] },
      ...TOP,
    },
    index: ["index_name", "collection_name", "class_name"],
    query: "vector",
  },
);

export const VECTOR_INDEX_LOOKUP_TOOL = lookupTool(
  "promptflow_vectordb.tool.vector_index_lookup.VectorIndexLookup.search",
  ["embeddingstore.tool.vector_index_lookup.VectorIndexLookup.search"],
  {
    parameters: { path: { type: ["string"] }, query: { type: ["object"] }, ...TOP },
    index: ["path"],
    isFolder: true,
    query: "query",
  },
);

export const FAISS_INDEX_LOOKUP_TOOL = lookupTool(
  "promptflow_vectordb.tool.faiss_index_lookup.FaissIndexLookup.search",
  ["embeddingstore.tool.faiss_index_lookup.FaissIndexLookup.search"],
  {
    parameters: { path: { type: ["string"] }, vector: { type: ["list"] }, ...TOP },
    index: ["path"],
    isFolder: true,
    query: "vector",
  },
);

function lookupTool(id: string, aliases: readonly string[], kind: LookupKind): NodeTool {
  return {
    id,
    aliases,
    async prepare(node: NodeDefinition, { resources }: PrepareContext): Promise<PreparedNode> {
      const inputs = convertLiterals(node, kind.parameters);
      if (!inputs[kind.query] || !kind.index.some((name) => inputs[name])) {
        const missing = inputs[kind.query] ? kind.index[0] : kind.query;
        throw new FlowsteadError("NodeInputValidationError", `Input '${missing}' for node '${node.name}' is missing.`);
      }
      const optional = Object.keys(kind.parameters).filter((name) => name !== kind.query);
      return {
        inputs,
        streaming: "never",
        optionalInputs: new Set(optional),
        run: (call) => lookUp(call, resources, kind),
      };
    },
  };
}

async function lookUp(call: NodeCall, resources: FlowResources, kind: LookupKind): Promise<Value> {
  const place = kind.index.map((name) => text(call.inputs[name])).find((value) => value !== "") ?? "";
  const index = await searchIndexOf(resources, {
    index: indexNameOf(place),
    ...(kind.isFolder ? { folder: place } : {}),
  });
  const query = plainInput(call.inputs[kind.query] ?? "");
  const top = Number(plainInput(call.inputs["top_k"] ?? 3)) || 3;
  const filter = filterOf(call.inputs);
  const rest = { top, caller: call.caller, ...(filter === undefined ? {} : { filter }) };
  const isVector = Array.isArray(query);
  const asked = isVector
    ? { text: "", mode: "vector" as const, vector: Float32Array.from(query, Number), ...rest }
    : {
        text: pyStr(query),
        mode: (await resources.embedder(undefined)) ? ("hybrid" as const) : ("text" as const),
        ...rest,
      };
  const { hits, degraded } = await index.query(asked, call.signal);
  if (isVector && degraded.length > 0) {
    throw new FlowsteadError(
      "FlowWithoutEmbedder",
      `Node '${call.node}' looks up a vector and the index '${index.name}' holds none. Configure an embedder and add its documents again.`,
      { details: { node: call.node } },
    );
  }
  return hits.map(lookupEntry);
}

function text(input: NodeInput | undefined): string {
  const value = input === undefined ? null : plainInput(input);
  return value === null ? "" : pyStr(value);
}

/** Azure AI Search has its filter among the search parameters. */
function filterOf(inputs: NodeCall["inputs"]): string | undefined {
  for (const name of ["search_params", "search_filters"]) {
    const value = plainInput(inputs[name] ?? null);
    if (typeof value === "string" && value !== "") return value;
    const found = typeof value === "object" && value !== null ? (value as Record<string, Value>)["filter"] : undefined;
    if (typeof found === "string" && found !== "") return found;
  }
  return undefined;
}
