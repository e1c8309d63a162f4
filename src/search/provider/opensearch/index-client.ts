// One index of an OpenSearch cluster.

import type { Schema } from "../../document/definition.ts";
import type {
  ActionResult,
  Capabilities,
  DocumentAction,
  DocumentIndex,
  ReadOptions,
} from "../../document/document-index.ts";
import { Image } from "../../document/image.ts";
import { selection } from "../../document/order.ts";
import type { SearchAnswer, SearchBody, SuggestBody } from "../../document/request.ts";
import { listed } from "../../document/request.ts";
import { autocomplete, suggest } from "../../document/suggest.ts";
import type { Expression } from "../../filter/expression.ts";
import { parseFilter } from "../../filter/parse.ts";
import { checkFilter } from "../../document/check-filter.ts";
import { type Planned, planned, resultOf } from "./bulk.ts";
import type { ClusterClient, Json } from "./client.ts";
import { aggregation, bucketsOf, type Facet, facetsOf } from "./facet.ts";
import { filterQuery } from "./filter.ts";
import { plainName } from "./mapping.ts";
import { DEFAULT_K, type Hit, highlightOf, nearness, queryOf, sortOf, toStoredHit } from "./search-body.ts";

const BATCH = 1000;
const DEFAULT_TOP = 50;
const LARGEST_PAGE = 1000;
/** `from` and `size` reach no further; what lies behind is read on from there. */
const WINDOW = 10_000;
/** Documents that are looked through for what a person may be typing. */
const SUGGESTED = 1000;

const CAPABILITIES: Capabilities = {
  readsItsWrites: true,
  // Shards are refreshed one by one.
  wholeBatches: false,
  hybrid: false,
  semantic: false,
  embedsQueries: false,
  vectors: "approximate",
  facets: true,
  highlight: true,
  suggest: "exact",
  scoring: "weights",
  synonyms: false,
  matchInFilter: false,
  deepest: 101_000,
};

export function clusterIndex(client: ClusterClient, name: string, schema: Schema): DocumentIndex {
  const root = `/${encodeURIComponent(name)}`;
  const ask = async (body: Json, signal: AbortSignal | undefined): Promise<Json> =>
    (await client.json({ method: "POST", path: `${root}/_search`, body, signal }))!;
  const hitsOf = (answer: Json): Hit[] => (answer["hits"] as { hits: Hit[] }).hits;

  /** The page, read on from the last place that `from` reaches where it lies deeper. */
  const page = async (body: Json, { skip, size }: { skip: number; size: number }, signal?: AbortSignal) => {
    if (skip + size <= WINDOW) {
      const answer = await ask({ ...body, from: skip, size }, signal);
      return { answer, hits: hitsOf(answer) };
    }
    let after: unknown[] | undefined;
    let passed = 0;
    const on = (): Json => (after ? { search_after: after } : {});
    while (passed < skip) {
      const step = Math.min(WINDOW, skip - passed);
      const { aggs: _aggs, highlight: _highlight, ...bare } = body;
      const hits = hitsOf(await ask({ ...bare, ...on(), size: step, _source: false }, signal));
      passed += hits.length;
      after = hits.at(-1)?.sort ?? after;
      if (hits.length < step) break;
    }
    const answer = await ask({ ...body, ...on(), size: passed < skip ? 0 : size }, signal);
    return { answer, hits: hitsOf(answer) };
  };
  const facetsIn = async (facets: readonly Facet[], answer: Json, query: Json, signal?: AbortSignal) => {
    const found: NonNullable<SearchAnswer["facets"]> = {};
    for (const facet of facets) {
      const first = (answer["aggregations"] as Record<string, Json>)[facet.name]!;
      const buckets = [...(first["buckets"] as Json[])];
      for (let after = first["after_key"]; facet.isPaged && after;) {
        const aggs = { [facet.name]: aggregation(facet, after as Json) };
        const more = await ask({ query, size: 0, aggs }, signal);
        const next = (more["aggregations"] as Record<string, Json>)[facet.name]!;
        buckets.push(...(next["buckets"] as Json[]));
        after = next["after_key"];
      }
      found[facet.name] = bucketsOf(facet, { buckets });
    }
    return found;
  };
  const search = async (body: SearchBody, within?: Expression, signal?: AbortSignal): Promise<SearchAnswer> => {
    const query = queryOf(body, within, schema);
    const facets = facetsOf(body.facets, schema);
    const select = selection(body.select, schema);
    const [vector] = body.vectorQueries ?? [];
    const most = vector ? (vector.k ?? DEFAULT_K) : Number.POSITIVE_INFINITY;
    const skip = Math.min(body.skip ?? 0, most);
    const size = Math.min(body.top ?? DEFAULT_TOP, LARGEST_PAGE, most - skip);
    const isOpen = body.top === undefined || body.top === null || body.top > LARGEST_PAGE;
    const highlight = highlightOf(body, schema);
    const asked = {
      query,
      sort: sortOf(body, schema),
      track_scores: true,
      track_total_hits: body.count === true || isOpen,
      ...(facets.length > 0 ? { aggs: Object.fromEntries(facets.map((one) => [one.name, aggregation(one)])) } : {}),
      ...(highlight ? { highlight } : {}),
      ...(body.select ? { _source: sourceOf(body.select, schema) } : {}),
    };
    const { answer, hits } = await page(asked, { skip, size }, signal);
    const total = Math.min(most, (answer["hits"] as { total?: { value: number } }).total?.value ?? 0);
    const field = vector ? schema.fields.get(listed(vector.fields)[0] ?? "") : undefined;
    const hasMore = isOpen && skip + hits.length < total && hits.length > 0;
    return {
      ...(body.count ? { count: total } : {}),
      ...(facets.length > 0 ? { facets: await facetsIn(facets, answer, query, signal) } : {}),
      value: hits.map((hit) => ({
        "@search.score": vector ? nearness(hit._score ?? 0, field) : (hit._score ?? 1),
        ...(hit.highlight ? { "@search.highlights": withSlashes(hit.highlight) } : {}),
        ...select(toStoredHit(hit, schema)),
      })),
      ...(hasMore
        ? { next: { ...body, skip: skip + hits.length, ...(body.top ? { top: body.top - hits.length } : {}) } }
        : {}),
      notes: [],
    };
  };
  /** Documents whose suggester fields may hold what was typed; which do is seen here, as for every provider. */
  const typed = async (body: SuggestBody, words: string, { within, signal }: ReadOptions): Promise<Image> => {
    const asked = body.filter ? parseFilter(body.filter) : undefined;
    if (asked) checkFilter(asked, schema);
    const filter = [asked, within].filter((one) => one !== undefined).map((one) => filterQuery(one, schema));
    const suggester = schema.definition.suggesters?.find((one) => one.name === body.suggesterName);
    const fields = (suggester?.sourceFields ?? []).flatMap((path) => schema.fields.get(path) ?? []).map(plainName);
    const match = { multi_match: { query: words, fields, type: "bool_prefix", operator: "and" } };
    const image = new Image(schema);
    if (fields.length === 0 || body.search.trim() === "") return image;
    const answer = await ask({ query: { bool: { must: [match], filter } }, size: SUGGESTED }, signal);
    for (const hit of hitsOf(answer)) image.put(toStoredHit(hit, schema));
    return image;
  };

  return {
    schema,
    capabilities: CAPABILITIES,
    async write(actions, signal) {
      const results: ActionResult[] = [];
      for (let at = 0; at < actions.length; at += BATCH)
        results.push(...(await writeBatch(actions.slice(at, at + BATCH), signal)));
      return results;
    },
    async get(key, select, { within, signal } = {}) {
      const pick = selection(select, schema);
      const ids = { ids: { values: [key] } };
      const filter = within ? [ids, filterQuery(within, schema)] : [ids];
      const [hit] = hitsOf(await ask({ query: { bool: { filter } }, size: 1 }, signal));
      return hit && pick(toStoredHit(hit, schema));
    },
    async count({ within, signal } = {}) {
      const query = within ? filterQuery(within, schema) : { match_all: {} };
      const answer = await client.json({ method: "POST", path: `${root}/_count`, body: { query }, signal });
      return Number(answer!["count"]);
    },
    search: (body, { within, signal } = {}) => search(body, within, signal),
    suggest: async (body, options = {}) => suggest(body, await typed(body, body.search, options), undefined),
    async autocomplete(body, options = {}) {
      // A word may be completed in documents that do not hold the words before it.
      const last = /\S+\s*$/u.exec(body.search)?.[0] ?? body.search;
      const words = body.autocompleteMode === "oneTermWithContext" ? body.search : last;
      return autocomplete(body, await typed(body, words, options), undefined);
    },
    async statistics(signal) {
      const count = await client.json({ method: "POST", path: `${root}/_count`, body: {}, signal });
      const stats = (await client.json({ method: "GET", path: `${root}/_stats/store`, signal })) as {
        _all: { primaries: { store: { size_in_bytes: number } } };
      };
      const documentCount = Number(count!["count"]);
      // The cluster does not tell the vectors' part: it is at most four bytes a number.
      const numbers = [...schema.fields.values()].reduce((sum, { vector }) => sum + (vector?.dimensions ?? 0), 0);
      const storageSize = stats._all.primaries.store.size_in_bytes;
      return { documentCount, storageSize, vectorIndexSize: documentCount * numbers * 4 };
    },
    // The client is the provider's to close.
    close: async () => undefined,
  };

  async function writeBatch(actions: readonly DocumentAction[], signal?: AbortSignal): Promise<ActionResult[]> {
    const plans = actions.map((action) => planned(action, schema));
    const sent = plans.filter((one): one is Planned => "lines" in one);
    let items: Json[] = [];
    if (sent.length > 0) {
      const body = `${sent.flatMap(({ lines }) => lines).join("\n")}\n`;
      const headers = { "content-type": "application/x-ndjson" };
      const answer = await client.json({
        method: "POST",
        path: `${root}/_bulk?refresh=wait_for`,
        body,
        headers,
        signal,
      });
      items = answer!["items"] as Json[];
    }
    let at = 0;
    return plans.map((one) => ("lines" in one ? resultOf(one, items[at++]!) : one));
  }
}

function sourceOf(select: string, schema: Schema): string[] | boolean {
  const paths = listed(select);
  return paths.includes("*") ? true : [...new Set([...paths.map((path) => path.replaceAll("/", ".")), schema.key])];
}

function withSlashes(highlight: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(highlight).map(([name, texts]) => [name.replaceAll(".", "/"), texts]));
}
