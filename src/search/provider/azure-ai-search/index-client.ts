// One index of an Azure AI Search service. A search goes there in the form in which it came, with what its reader may see
// ANDed to the filter.

import { FlowsteadError } from "../../../base/error/error.ts";
import type { Schema } from "../../document/definition.ts";
import {
  type ActionResult,
  type Capabilities,
  type DocumentAction,
  type DocumentIndex,
  FULL_CAPABILITIES,
} from "../../document/document-index.ts";
import type { SearchAnswer } from "../../document/request.ts";
import type { Expression } from "../../filter/expression.ts";
import { filterText } from "../../filter/odata.ts";
import type { ServiceClient } from "./client.ts";

/** What the service takes in one batch. */
const BATCH = 1000;
const BATCH_CHARACTERS = 12_000_000;

const CAPABILITIES: Capabilities = {
  ...FULL_CAPABILITIES,
  // What is written is found "within seconds", and a batch is no transaction.
  readsItsWrites: false,
  wholeBatches: false,
  embedsQueries: false,
  deepest: 100_000,
};

type Wire = Record<string, unknown>;

export function serviceIndex(client: ServiceClient, schema: Schema): DocumentIndex {
  const root = `/indexes('${encodeURIComponent(schema.definition.name)}')`;
  const post = async (operation: string, body: Wire, signal: AbortSignal | undefined): Promise<Wire> =>
    (await client.json({ method: "POST", path: `${root}/docs/${operation}`, body, signal })) as Wire;
  const asked = (body: Wire, within: Expression | undefined): Wire => ({ ...present(body), ...both(body, within) });

  return {
    schema,
    capabilities: CAPABILITIES,
    async write(actions, signal) {
      const results: ActionResult[] = [];
      for (const batch of batches(actions)) {
        const value = batch.map(({ action, document }) => ({ "@search.action": action, ...document }));
        const answer = await post("search.index", { value }, signal);
        results.push(...(answer["value"] as Wire[]).map(toResult));
      }
      return results;
    },
    async get(key, select, { within, signal } = {}) {
      const shown = select ? `?$select=${encodeURIComponent(select)}` : "";
      if (!within) {
        const path = `${root}/docs('${encodeURIComponent(key.replaceAll("'", "''"))}')${shown}`;
        const found = await client.json({ method: "GET", path, signal }, [404]);
        return found === undefined ? undefined : bare(found as Wire);
      }
      const own: Expression = {
        op: "compare",
        comparison: "eq",
        path: { names: [schema.key], position: 1 },
        value: key,
      };
      const body = { search: "*", top: 1, filter: filterText({ op: "and", args: [own, within] }), select };
      const { value } = await post("search.post.search", present(body), signal);
      const [found] = value as Wire[];
      return found && withoutScore(found);
    },
    async count({ within, signal } = {}) {
      if (!within) return Number(await client.json({ method: "GET", path: `${root}/docs/$count`, signal }));
      const body = { search: "*", top: 0, count: true, filter: filterText(within) };
      return Number((await post("search.post.search", body, signal))["@odata.count"]);
    },
    async search(body, { within, signal } = {}) {
      const answer = await post("search.post.search", asked(body, within), signal);
      return toAnswer(answer, body);
    },
    async suggest(body, { within, signal } = {}) {
      return (await post("search.post.suggest", asked(body, within), signal))["value"] as Wire[];
    },
    async autocomplete(body, { within, signal } = {}) {
      return (await post("search.post.autocomplete", asked(body, within), signal))["value"] as Record<string, string>[];
    },
    async statistics(signal) {
      const found = (await client.json({ method: "GET", path: `${root}/search.stats`, signal })) as Wire;
      const { documentCount, storageSize, vectorIndexSize } = found;
      return {
        documentCount: Number(documentCount),
        storageSize: Number(storageSize),
        vectorIndexSize: Number(vectorIndexSize ?? 0),
      };
    },
    // The client is the provider's to close.
    close: async () => undefined,
  };
}

function* batches(actions: readonly DocumentAction[]): Iterable<DocumentAction[]> {
  let batch: DocumentAction[] = [];
  let characters = 0;
  for (const action of actions) {
    const length = JSON.stringify(action.document).length;
    if (batch.length > 0 && (batch.length === BATCH || characters + length > BATCH_CHARACTERS)) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(action);
    characters += length;
  }
  if (batch.length > 0) yield batch;
}

function toResult({ key, status, errorMessage, statusCode }: Wire): ActionResult {
  const result = { key: String(key), statusCode: Number(statusCode) };
  if (status === true) return result;
  return { ...result, error: typeof errorMessage === "string" ? errorMessage : `status ${result.statusCode}` };
}

function toAnswer(answer: Wire, body: Wire): SearchAnswer {
  if (!Array.isArray(answer["value"]))
    throw new FlowsteadError("SearchFailed", "The Azure AI Search service answered a search without a `value`.");
  const next = answer["@search.nextPageParameters"] as Wire | undefined;
  return {
    ...(answer["@odata.count"] === undefined ? {} : { count: Number(answer["@odata.count"]) }),
    ...(answer["@search.facets"] ? { facets: answer["@search.facets"] as NonNullable<SearchAnswer["facets"]> } : {}),
    ...(answer["@search.answers"] ? { answers: answer["@search.answers"] as Wire[] } : {}),
    value: answer["value"] as Wire[],
    // What the reader may see is ANDed anew to the next page, so it does not go to the caller.
    ...(next ? { next: { ...next, filter: body["filter"] ?? null } } : {}),
    notes: [],
  };
}

function both({ filter: asked }: Wire, within: Expression | undefined): Wire {
  if (!within) return {};
  const filter = filterText(within);
  return { filter: typeof asked === "string" && asked !== "" ? `(${asked}) and (${filter})` : filter };
}

/** The service refuses some parameters that are null. */
function present(body: Wire): Wire {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null && value !== undefined));
}

function bare({ "@odata.context": _context, ...document }: Wire): Wire {
  return document;
}

function withoutScore(document: Wire): Wire {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !name.startsWith("@search.")));
}
