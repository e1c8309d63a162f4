// An index whose best passages a model puts in order. Without its answer the order is that of the embedded stage, and the
// result says so: a search is never lost with the model.

import { throwIfAborted } from "../base/abort.ts";
import { FlowsteadError } from "../base/error/error.ts";
import type { Reranker } from "../model/reranker.ts";
import { withoutRepeats } from "./repeat.ts";
import type { Search } from "./search.ts";
import type { Hit, SearchIndex, SearchQuery, SearchResult } from "./search-index.ts";
import { type Opening, wrappedIndex, wrappedSearch } from "./wrapped-index.ts";

export interface RerankOptions {
  reranker: Reranker;
  /** How many of the best it judges. */
  candidates: number;
  timeoutMs: number;
}

/** After a failure it is left alone for so long, lest each question waits for it. */
const REST_MS = 15_000;

export function rerankedIndex(index: SearchIndex, options: RerankOptions): SearchIndex {
  const { reranker, candidates } = options;
  let restsUntil = 0;

  const query = async (asked: SearchQuery, signal?: AbortSignal): Promise<SearchResult> => {
    const { rerank, top, skip = 0, text } = asked;
    if (rerank === false || rerank === "words" || text.trim() === "") return index.query(asked, signal);
    const all = { ...asked, repeats: true, skip: 0, top: Math.max(candidates, skip + top) };
    const { hits, degraded } = await index.query(all, signal);
    const page = (ranked: readonly Hit[]): Hit[] => {
      const first = ranked.slice(0, skip + top);
      return (asked.repeats ? first : withoutRepeats(first)).slice(skip);
    };
    if (hits.length === 0) return { hits, degraded };
    const left = restsUntil - Date.now();
    if (left > 0)
      return { hits: page(hits), degraded: [...degraded, `rerank: ${reranker.id} failed just now; ${FALLBACK}`] };
    try {
      return { hits: page(await judged(asked, hits, options, signal)), degraded };
    } catch (thrown) {
      throwIfAborted(signal);
      restsUntil = Date.now() + REST_MS;
      return { hits: page(hits), degraded: [...degraded, `rerank: ${reasonOf(thrown, options)}; ${FALLBACK}`] };
    }
  };

  return wrappedIndex(index, {
    query,
    statistics: async (signal, readers) => ({ ...(await index.statistics(signal, readers)), reranker: reranker.id }),
  });
}

const FALLBACK = "ranked by words and vectors alone";

async function judged(
  { text: question, caller }: SearchQuery,
  hits: readonly Hit[],
  { reranker, candidates, timeoutMs }: RerankOptions,
  signal: AbortSignal | undefined,
): Promise<Hit[]> {
  const head = hits.slice(0, candidates);
  const texts = head.map(({ passage: { title, headings, text } }) => [title, ...headings, text].join("\n"));
  const deadline = AbortSignal.timeout(timeoutMs);
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
  const scores = await reranker.score(question, texts, { signal: either, caller });
  const best = head.map((hit, at) => ({ ...hit, score: scores[at]! })).sort((a, b) => b.score - a.score);
  // What was not judged stands behind what was, in its own order.
  const least = best.at(-1)?.score ?? 0;
  return [...best, ...hits.slice(candidates).map((hit, at) => ({ ...hit, score: least - 1 - at }))];
}

function reasonOf(thrown: unknown, { reranker, timeoutMs }: RerankOptions): string {
  const error = FlowsteadError.from(thrown);
  if (error.code === "Canceled") return `${reranker.id} did not answer within ${timeoutMs / 1000} s`;
  return error.message.replace(/[.\s]+$/, "");
}

/** All indexes of a search with the same judge, which goes with it. */
export function rerankedSearch<S extends Opening & Pick<Search, "close">>(search: S, options: RerankOptions): S {
  return {
    ...wrappedSearch(search, (index) => rerankedIndex(index, options)),
    async close() {
      await search.close();
      await options.reranker.close();
    },
  };
}
