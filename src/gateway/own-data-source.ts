import { FlowsteadError } from "../base/error/error.ts";
import type { DocumentCatalog } from "../search/document/catalog.ts";
import type { DocumentIndex } from "../search/document/document-index.ts";
import { STRANGER, permitted } from "../search/document/permission.ts";
import { readSearch } from "../search/document/request.ts";
import type { QueryMode, SearchIndex } from "../search/search-index.ts";
import type { Citation, FindCall, FindOwnData, OwnDataParameters } from "./own-data.ts";

export interface OwnDataSources {
  /** Indexes of the search service. */
  catalog: () => DocumentCatalog;
  /** Indexes of passages, as the chat's. @throws FlowsteadError `IndexNotFound`. */
  passages: (name: string) => Promise<SearchIndex>;
  /** Whether an api-key opens the search service. */
  accepts: (key: string) => boolean;
}

/**
 * Looks in the installation's own indexes, never at the address that the caller names: a request must not be able to
 * make this server call another.
 */
export function ownDataFinder({ catalog, passages, accepts }: OwnDataSources): FindOwnData {
  return async (question, parameters, { signal, caller }) => {
    const { authentication, index_name: name, filter } = parameters;
    if (authentication?.type === "api_key" && !accepts(authentication.key ?? "")) {
      throw new FlowsteadError(
        "Forbidden",
        "data_sources[0].parameters.authentication.key is no key of this search service. `flowstead index keys` prints them.",
      );
    }
    const documents = await catalog().open(name).catch(otherwise("IndexNotFound"));
    if (documents) return fromDocuments(documents, question, { parameters, signal });
    if (filter) {
      throw new FlowsteadError(
        "InvalidRequest",
        `data_sources[0].parameters.filter: the index ${name} has no filterable fields.`,
      );
    }
    return fromPassages(await passages(name), question, { parameters, signal, caller });
  };
}

interface Asked extends FindCall {
  parameters: OwnDataParameters;
}

async function fromPassages(
  index: SearchIndex,
  question: string,
  { parameters, signal, caller }: Asked,
): Promise<Citation[]> {
  const { query_type: type, top_n_documents: top } = parameters;
  const mode: QueryMode = type === "vector" ? "vector" : type?.startsWith("vector_") ? "hybrid" : "text";
  const { hits } = await index.query({ text: question, mode, top: top ?? 5, caller }, signal);
  return hits.map(({ passage, score }) => ({
    content: passage.text,
    title: passage.title,
    url: passage.source,
    filepath: passage.page === undefined ? passage.title : `${passage.title}#page=${passage.page}`,
    chunk_id: String(passage.ordinal),
    score,
  }));
}

async function fromDocuments(
  index: DocumentIndex,
  question: string,
  { parameters, signal }: Asked,
): Promise<Citation[]> {
  const { query_type: type, fields_mapping: mapping, filter, semantic_configuration: configuration } = parameters;
  const fields = [...index.schema.fields.values()];
  const vectors = mapping?.vector_fields ?? fields.filter(({ vector }) => vector).map(({ path }) => path);
  const isVector = type === "vector" || type?.startsWith("vector_");
  if (isVector && vectors.length === 0) {
    throw new FlowsteadError(
      "InvalidRequest",
      `query_type ${type}: the index ${parameters.index_name} has no vector field.`,
    );
  }
  const isSemantic = type === "semantic" || type === "vector_semantic_hybrid";
  const body = readSearch({
    search: type === "vector" ? "*" : question,
    // A question holds signs that the full syntax would read as operators.
    ...(isSemantic ? { queryType: "semantic", semanticQuery: question } : {}),
    ...(isSemantic && configuration ? { semanticConfiguration: configuration } : {}),
    ...(filter ? { filter } : {}),
    ...(isVector ? { vectorQueries: [{ kind: "text", text: question, fields: vectors.join(","), k: 50 }] } : {}),
    top: parameters.top_n_documents ?? 5,
  });
  // A caller is known by a key only, so they see what is for everyone.
  const { value } = await index.search(body, { signal, within: permitted(index.schema, STRANGER) });
  const texts = fields.filter(({ searchable, vector, names }) => searchable && !vector && names.length === 1);
  const guess = (names: RegExp): string | undefined => fields.find(({ path }) => names.test(path))?.path;
  const content = mapping?.content_fields ?? [
    guess(/^(content|text|chunk|body)$/i) ?? texts.at(-1)?.path ?? index.schema.key,
  ];
  const title = mapping?.title_field ?? guess(/title|^name$/i);
  const url = mapping?.url_field ?? guess(/url/i);
  const file = mapping?.filepath_field ?? guess(/file_?(path|name)|source/i);
  const say = (document: Record<string, unknown>, field: string | null | undefined): string | null => {
    const found = field ? document[field] : undefined;
    return typeof found === "string" ? found : null;
  };
  return value.map((document) => ({
    content: content.map((field) => say(document, field) ?? "").join(mapping?.content_fields_separator ?? "\n"),
    title: say(document, title),
    url: say(document, url),
    filepath: say(document, file),
    chunk_id: say(document, index.schema.key) ?? "0",
    score: Number(document["@search.rerankerScore"] ?? document["@search.score"]),
  }));
}

function otherwise(code: FlowsteadError["code"]): (thrown: unknown) => undefined {
  return (thrown) => {
    if (thrown instanceof FlowsteadError && thrown.code === code) return undefined;
    throw thrown;
  };
}
