// The `mlindex_content` of lookup nodes: a YAML text that names an index and, for vectors, an embedding connection.

import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import { parseYaml } from "../base/yaml.ts";
import type { FlowResources } from "../flow/resource.ts";
import type { SearchIndex } from "../search/search-index.ts";
import { indexNameOf } from "../search/search.ts";

const CONNECTION = z.union([z.string(), z.looseObject({ id: z.string() })]).nullish();

const ML_INDEX = z.looseObject({
  embeddings: z.looseObject({ connection: CONNECTION }).nullish(),
  index: z.looseObject({ kind: z.string(), index: z.string().nullish(), path: z.string().nullish() }),
});

export interface IndexReference {
  /** Name of the index. */
  index: string;
  /** Where the flow has a FAISS index of its own, which has to be imported. */
  folder?: string;
  /** Connection of the embedding model; absent when the index brings its own. */
  embedding?: string;
}

/** Kinds whose name is looked up among the indexes that the flow may reach. */
const KINDS = ["flowstead", "acs", "faiss"];

/** @throws FlowsteadError `NodeInputValidationError` */
export function parseMlIndex(text: string): IndexReference {
  const parsed = ML_INDEX.safeParse(parseYaml(text, "mlindex_content").value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { index, embeddings } = parsed.data;
  if (!KINDS.includes(index.kind)) throw invalid(`index.kind '${index.kind}' is none of ${KINDS.join(", ")}`);
  // A FAISS index has a folder instead of a name, and is imported under that folder's.
  index.index ??= index.path && indexNameOf(index.path);
  if (!index.index) throw invalid("index.index is missing: it names the index");
  const connection = connectionName(embeddings?.connection);
  return {
    index: index.index,
    ...(connection === undefined ? {} : { embedding: connection }),
    ...(index.kind === "faiss" ? { folder: index.path ?? index.index } : {}),
  };
}

/** @throws FlowsteadError `IndexNotFound`, which says how a FAISS index comes here. */
export async function searchIndexOf(
  resources: FlowResources,
  { index, folder }: Pick<IndexReference, "index" | "folder">,
): Promise<SearchIndex> {
  try {
    return await resources.searchIndex(index);
  } catch (thrown) {
    const { code } = FlowsteadError.from(thrown);
    if (folder === undefined || code !== "IndexNotFound") throw thrown;
    throw new FlowsteadError(
      code,
      `There is no search index named ${index}, and the flow looks up the FAISS index ${folder}. Take it over with \`flowstead index import FOLDER --index ${index}\`.`,
      { cause: thrown, details: { index } },
    );
  }
}

/** A connection's name; in exports from a workspace it is the last part of a resource id. */
function connectionName(connection: z.infer<typeof CONNECTION>): string | undefined {
  const id = typeof connection === "object" ? connection?.id : connection;
  return id?.split("/").at(-1) || undefined;
}

function invalid(reason: string): FlowsteadError {
  return new FlowsteadError("NodeInputValidationError", `mlindex_content cannot be used: ${reason}.`);
}
