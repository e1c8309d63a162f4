// A `SearchIndex` over a service that searches itself: the service gives candidates by words and by vectors, and everything
// above them (the understanding of the question, ranking, fusion, marks) is this program's, as for every engine.

import { sleep, throwIfAborted } from "../../base/abort.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import { uuid } from "../../base/id.ts";
import type { Embedder } from "../../model/embedder.ts";
import { passageAnalyzer } from "../analysis/analyzer.ts";
import { type Candidate, answerQuery } from "../answer-query.ts";
import type { DocumentAction, DocumentIndex } from "../document/document-index.ts";
import { readSearch } from "../document/request.ts";
import { embedPassages } from "../embed-passage.ts";
import type { Expression } from "../filter/expression.ts";
import type { Passage, SearchIndex } from "../search-index.ts";
import type { Within } from "../visibility.ts";
import { all, conditionOf, is, oneOf, visibleTo } from "./condition.ts";
import { type PassageDocument, SHOWN, keyOf, toDocument, toPassage, wordsOf } from "./passage-document.ts";
import { servedLexicon } from "./served-lexicon.ts";

export interface ServedIndexOptions {
  name: string;
  index: DocumentIndex;
  embedder: Embedder | undefined;
}

const PAGE = 1000;
/** Document ids in one filter. */
const IDS = 200;
/** How long a write may stay unseen before it counts as failed. */
const VISIBLE_MS = 60_000;

export function servedIndex({ name, index, embedder }: ServedIndexOptions): SearchIndex {
  const analyzer = passageAnalyzer();
  const analyze = (text: string, language: string | undefined): string[] =>
    analyzer.tokens(text, language).map(({ term }) => term);
  const lexicon = servedLexicon(index);
  const dimensions = index.schema.fields.get("vector")?.vector?.dimensions;
  const whole = dimensions === undefined ? SHOWN : `${SHOWN},vector`;
  let isClosed = false;

  const ready = (signal: AbortSignal | undefined): void => {
    throwIfAborted(signal);
    if (isClosed) throw new FlowsteadError("SearchFailed", `The index ${name} is closed.`);
  };
  /** All documents that a condition lets pass, in the order of keys. */
  const scan = async (within: Expression, select: string, signal?: AbortSignal): Promise<PassageDocument[]> => {
    const found: PassageDocument[] = [];
    for (;;) {
      const last = found.at(-1)?.["key"] as string | undefined;
      const beyond = last === undefined ? within : all(within, is("key", "gt", last))!;
      const body = readSearch({ search: "*", orderby: "key asc", top: PAGE, select: `key,${select}` });
      const { value } = await index.search(body, { within: beyond, signal });
      found.push(...value);
      if (value.length < PAGE) return found;
    }
  };
  const count = (within: Expression, signal?: AbortSignal): Promise<number> => index.count({ within, signal });
  const untilSeen = async (isSeen: () => Promise<boolean>, signal?: AbortSignal): Promise<void> => {
    if (index.capabilities.readsItsWrites) return;
    const end = Date.now() + VISIBLE_MS;
    for (let wait = 20; !(await isSeen()); wait = Math.min(1000, wait * 2)) {
      if (Date.now() > end)
        throw new FlowsteadError("SearchFailed", `What was written to the index ${name} is not seen after a minute.`);
      await sleep(wait, signal);
    }
  };
  const write = async (given: readonly Passage[], stale: readonly string[], signal?: AbortSignal): Promise<void> => {
    ready(signal);
    const embedded = await embedPassages(given, { index: name, embedder, dimensions, signal });
    const stamp = { stamp: uuid(), written: new Date().toISOString() };
    const puts = new Map(embedded.map((one) => [keyOf(one.id), toDocument(one, analyze, stamp)]));
    const old: string[] = [];
    for (const ids of parts(stale, IDS)) {
      old.push(...(await scan(oneOf("documentId", ids), "documentId", signal)).map(({ key }) => String(key)));
    }
    const gone = old.filter((key) => !puts.has(key));
    const actions: DocumentAction[] = [
      ...Array.from(puts.values(), (document) => ({ action: "upload" as const, document })),
      ...gone.map((key) => ({ action: "delete" as const, document: { key } })),
    ];
    if (actions.length === 0) return;
    const failed = (await index.write(actions, signal)).find(({ error }) => error !== undefined);
    lexicon.forget();
    if (failed) throw new FlowsteadError("SearchFailed", `A passage was refused by the index ${name}: ${failed.error}`);
    await untilSeen(async () => (await count(is("stamp", "eq", stamp.stamp), signal)) === puts.size, signal);
    for (const keys of parts(gone, IDS)) {
      await untilSeen(async () => (await count(oneOf("key", keys), signal)) === 0, signal);
    }
  };
  const candidates = async (body: object, within: Within, signal?: AbortSignal): Promise<Candidate[]> => {
    if (within.documentIds?.length === 0) return [];
    const { value } = await index.search(readSearch({ select: SHOWN, ...body }), {
      within: conditionOf(within),
      signal,
    });
    return value.map((one) => ({ passage: toPassage(one), terms: wordsOf(one), score: Number(one["@search.score"]) }));
  };

  return {
    name,
    upsert: (given, signal) => write(given, [], signal),
    replaceDocuments: (ids, given, signal) =>
      write(given, [...new Set([...ids, ...given.map(({ documentId }) => documentId)])], signal),
    deleteDocuments: (ids, signal) => write([], ids, signal),
    prepare: () => void lexicon.read(undefined).catch(() => undefined),
    async query(query, signal) {
      ready(signal);
      const source = {
        lexicon: () => lexicon.read(signal),
        byTerms: (terms: readonly string[], limit: number, within: Within) =>
          candidates({ search: phrases(terms), searchFields: "terms,headTerms", top: limit }, within, signal),
        byVector: (vector: Float32Array, limit: number, within: Within) => {
          const near = { kind: "vector", vector: Array.from(vector), fields: "vector", k: limit };
          return candidates({ search: "*", top: limit, vectorQueries: [near] }, within, signal);
        },
        vectors: () =>
          dimensions === undefined ? undefined : { fingerprint: embedder?.fingerprint ?? "unknown", dimensions },
      };
      return answerQuery(source, query, { analyzer, embedder, signal });
    },
    async get(id, signal) {
      ready(signal);
      const found = await index.get(keyOf(id), whole, { signal });
      return found && toPassage(found);
    },
    async documentPassages(documentId, signal) {
      ready(signal);
      const found = await scan(is("documentId", "eq", documentId), whole, signal);
      return found.map(toPassage).sort((a, b) => a.ordinal - b.ordinal);
    },
    async statistics(signal, readers = "all") {
      ready(signal);
      const body = readSearch({ search: "*", top: 0, count: true, facets: ["documentId,count:10000000"] });
      const within = visibleTo(readers);
      const answer = await index.search(body, { signal, ...(within ? { within } : {}) });
      const { storageSize } = await index.statistics(signal);
      return {
        documents: answer.facets?.["documentId"]?.length ?? 0,
        passages: answer.count ?? 0,
        bytes: storageSize,
        ...(embedder ? { embedder: embedder.fingerprint } : {}),
      };
    },
    async close() {
      isClosed = true;
    },
  };
}

/** Each term as a phrase, so that no sign in it is read as an operator. */
function phrases(terms: readonly string[]): string {
  return terms.map((term) => `"${term.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(" ");
}

function* parts<T>(all: readonly T[], size: number): Iterable<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}
