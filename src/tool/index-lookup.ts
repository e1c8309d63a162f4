// The index lookup tool of the original's portal, over the indexes of this system. Its results have the same fields, and
// more under `metadata`, so that a citation can open the passage it stands for.

import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { type Value, type ValueMap, float, isFloat, pyStr } from "../base/value.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { convertLiterals } from "../flow/literal.ts";
import { telling } from "../flow/node/call.ts";
import { type NodeInput, plainInput } from "../flow/node/value.ts";
import type { FlowResources } from "../flow/resource.ts";
import type { NodeCall, NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import { type Embedder, embedderFor } from "../model/embedder.ts";
import type { Hit, QueryMode, SearchIndex } from "../search/search-index.ts";
import { type IndexReference, parseMlIndex, searchIndexOf } from "./ml-index.ts";

const PARAMETERS = {
  mlindex_content: { type: ["string"] },
  queries: { type: ["object"] },
  query_type: { type: ["string"] },
  top_k: { type: ["int"] },
};

export const INDEX_LOOKUP_TOOL: NodeTool = {
  id: "promptflow_vectordb.tool.common_index_lookup.search",
  aliases: [
    "promptflow_vectordb.tool.common_index_lookup.CommonIndexLookup.search",
    "embeddingstore.tool.common_index_lookup.search",
  ],
  async prepare(node: NodeDefinition, { resources }: PrepareContext): Promise<PreparedNode> {
    const inputs = convertLiterals(node, PARAMETERS);
    const content = inputs["mlindex_content"];
    if (!content || !inputs["queries"]) {
      const missing = content ? "queries" : "mlindex_content";
      throw new FlowsteadError("NodeInputValidationError", `Input '${missing}' for node '${node.name}' is missing.`);
    }
    const told: Told = {};
    const known = content.kind === "literal" ? parseMlIndex(pyStr(content.value)) : undefined;
    return {
      inputs,
      streaming: "never",
      optionalInputs: new Set(["query_type", "top_k"]),
      run: (call) => lookUp(call, resources, { known, told }),
    };
  },
};

/** What is true of every call of a node is said once. */
interface Told {
  isByWords?: boolean;
}

async function lookUp(
  call: NodeCall,
  resources: FlowResources,
  { known, told }: { known: IndexReference | undefined; told: Told },
): Promise<Value> {
  const text = (name: string): string => pyStr(plainInput(call.inputs[name] ?? ""));
  const queries = queriesOf(call);
  const reference = known ?? parseMlIndex(text("mlindex_content"));
  const index = await searchIndexOf(resources, reference);
  const wanted = queryMode(text("query_type"));
  const embedder =
    wanted === "text" ? undefined : embedderFor(await resources.embedder(reference.embedding), call.caller);
  const search: Search = {
    index,
    embedder,
    mode: usableMode(wanted, embedder, { call, told }),
    top: readTop(call.inputs["top_k"]),
  };
  if (typeof queries === "string") return findOne(search, queries, call);
  return Promise.all(queries.map((query) => findOne(search, query, call)));
}

/** @throws FlowsteadError `NodeInputValidationError` in the original's words, such as for a vector, which is no list of questions. */
function queriesOf({ node, inputs }: NodeCall): string | string[] {
  const given = plainInput(inputs["queries"] ?? "");
  if (typeof given === "string") return given;
  if (Array.isArray(given) && given.every((query) => typeof query === "string")) return given;
  const isVector = Array.isArray(given) && given.every(isFloat);
  const hint = ", found `List[float]`. Did you perhaps pass in an embedding vector instead of a string query?";
  throw new FlowsteadError(
    "NodeInputValidationError",
    `Expected input type to be either \`str\` or \`List[str]\`${isVector ? hint : "."}`,
    { details: { node, input: "queries" } },
  );
}

interface Search {
  index: SearchIndex;
  embedder: Embedder | undefined;
  mode: QueryMode;
  top: number;
}

async function findOne({ index, embedder, mode, top }: Search, text: string, call: NodeCall): Promise<Value[]> {
  const vector = mode === "text" || !embedder ? undefined : await embed(embedder, text, call);
  const running = call.began({ kind: "retrieval", name: "search", inputs: () => ({ query: text, mode, top }) });
  const { caller } = call;
  const asked = { text, mode, top, ...(vector && { vector }), ...(caller && { caller }) };
  const query = index.query(asked, call.signal);
  const result = await telling(running, query, ({ hits }) => ({ output: () => hits.map(brief) }));
  for (const reason of result.degraded) call.log("stderr", `${reason}\n`);
  return result.hits.map(lookupEntry);
}

async function embed(embedder: Embedder, text: string, call: NodeCall): Promise<Float32Array | undefined> {
  const running = call.began({
    kind: "embedding",
    name: "openai_embeddings",
    target: embedder.fingerprint,
    inputs: () => ({ input: text }),
  });
  const [vector] = await telling(running, embedder.embed([text], "query", call.signal), () => ({}));
  return vector;
}

/** What traces show of a hit. */
function brief({ passage, score }: Hit): ValueMap {
  return { "document.id": passage.id, "document.score": score, "document.content": passage.text };
}

/** The portal's words for kinds of search; semantic ranking is part of every text search here. */
function queryMode(queryType: string): QueryMode {
  if (/hybrid/i.test(queryType)) return "hybrid";
  return /vector/i.test(queryType) ? "vector" : "text";
}

function usableMode(
  mode: QueryMode,
  embedder: Embedder | undefined,
  { call, told }: { call: NodeCall; told: Told },
): QueryMode {
  if (mode === "text" || embedder) return mode;
  if (mode === "vector") {
    throw new FlowsteadError(
      "FlowWithoutEmbedder",
      `Node '${call.node}' asks for a vector search and no embedding model is configured. Configure one, or use query_type Keyword.`,
      { details: { node: call.node } },
    );
  }
  if (!told.isByWords) call.log("stderr", "No embedding model is configured: searching by words only.\n");
  told.isByWords = true;
  return "text";
}

function readTop(value: NodeInput | undefined): number {
  const top = value === undefined ? 3 : Number(plainInput(value));
  return Number.isInteger(top) && top > 0 ? top : 3;
}

/** A hit in the form of the original's results. */
export function lookupEntry({ passage, score, highlights, caption }: Hit): ValueMap {
  const { id, documentId, title, headings, page = null, start, end, source, text } = passage;
  const metadata: ValueMap = {
    id,
    document_id: documentId,
    title,
    headings,
    page,
    start,
    end,
    source: { title, filename: path.posix.basename(source), url: source },
    highlights: highlights.map((span) => ({ start: span.start, end: span.end })),
  };
  if (caption) metadata["caption"] = { ...caption };
  return {
    text,
    page_content: text,
    vector: null,
    score: float(score),
    metadata,
    original_entity: (passage.fields as ValueMap | undefined) ?? {
      id,
      content: text,
      title,
      url: source,
      filename: path.posix.basename(source),
    },
    additional_fields: {},
  };
}
