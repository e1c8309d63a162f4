// How a query is answered, the same above every engine: the engine gives candidates by terms and by vector, and this
// file understands the question, ranks the candidates, fuses the two lists and marks the words that matched.

import { abortable, throwIfAborted } from "../base/abort.ts";
import { FlowsteadError } from "../base/error/error.ts";
import { type Embedder, embedderFor } from "../model/embedder.ts";
import type { Analyzer } from "./analysis/analyzer.ts";
import { fuse } from "./fuse.ts";
import { marks } from "./highlight.ts";
import type { Lexicon, PassageTerms } from "./lexicon.ts";
import { type UnderstoodQuery, understand, wantedTerms } from "./query.ts";
import { lexicalScorer } from "./rank/rerank.ts";
import { withoutRepeats } from "./repeat.ts";
import type { FusionWeights, Passage, SearchQuery, SearchResult } from "./search-index.ts";
import type { Within } from "./visibility.ts";

export interface Candidate {
  /** Its id at least; the rest may be read once it is among the best. */
  passage: Pick<Passage, "id"> & Partial<Passage>;
  terms: PassageTerms;
  /** Where the engine finds the rest. */
  row?: bigint;
  /** The engine's own score, higher is better. */
  score: number;
}

/** What an engine has to offer for queries to be answered over it. */
export interface CandidateSource {
  lexicon(): Promise<Lexicon>;
  /** Passages with at least one of the analysed terms, best first by BM25; `isWhole` asks for the passages with all they have. */
  byTerms(terms: readonly string[], limit: number, within: Within, isWhole?: boolean): Promise<Candidate[]>;
  /** Passages by cosine similarity, best first; the score is 1 / (2 - cosine). */
  byVector(vector: Float32Array, limit: number, within: Within): Promise<Candidate[]>;
  /** The rest of candidates that have only an id; those that are gone are left out. */
  passages?(candidates: readonly Candidate[]): Promise<Passage[]>;
  /** Changes with every write; absent where candidates are found in the turn in which they are asked for. */
  version?(): Promise<number>;
  /** The vectors of the index, when it has any. */
  vectors(): { fingerprint: string; dimensions: number } | undefined;
}

export interface AnswerOptions {
  analyzer: Analyzer;
  embedder?: Embedder | undefined;
  signal?: AbortSignal | undefined;
}

// Candidates beyond these keep the engine's order: re-ranking is worth its time at the top only.
const RERANKED = 100;

/** Of an index that is written to all the time; after so many a search goes by its words alone. */
const ATTEMPTS = 8;

/** @throws FlowsteadError `EmbedderMismatch` when the query's vector does not fit the index. */
export async function answerQuery(
  source: CandidateSource,
  query: SearchQuery,
  { analyzer, embedder, signal = new AbortController().signal }: AnswerOptions,
): Promise<SearchResult> {
  throwIfAborted(signal);
  if (query.filter) {
    throw new FlowsteadError("InvalidRequest", "This index holds passages, which have no fields to filter by.");
  }
  const depth = Math.max(RERANKED, (query.skip ?? 0) + query.top);
  const within: Within = { documentIds: query.documentIds, readers: query.readers ?? [] };
  const degraded: string[] = [];
  const lexicon = await abortable(source.lexicon(), signal);
  const understood = understand(query.text, analyzer, lexicon);

  const vector = query.mode === "text" ? undefined : await queryVector(source, query, { embedder, signal, degraded });
  const wanted = wantedTerms(understood);
  const byWords = wanted.length > 0 && !(query.mode === "vector" && vector);
  const from = query.skip ?? 0;
  const shown = ([near, worded]: Lists): Candidate[] => {
    const lexical = query.rerank === false ? worded : rank(worded, understood, lexicon);
    const isMixed = near.length > 0 && lexical.length > 0;
    const found = isMixed ? fused(lexical, near, query.weights) : near.length > 0 ? near : lexical;
    // Also those before the page, which tell what is said already.
    return found.slice(query.repeats ? from : 0, from + query.top);
  };
  const best = await inOneState(source, {
    ask: async () =>
      Promise.all([
        vector ? source.byVector(vector, depth, within) : [],
        byWords ? source.byTerms(wanted, depth, within) : [],
      ]),
    restless: async () => {
      degraded.push("vector: the index is being written to all the time");
      return [[], wanted.length > 0 ? await source.byTerms(wanted, depth, within, true) : []];
    },
    shown,
    signal,
  });
  // The vector stays behind: it is most of the bytes, and nobody reads it from a hit.
  const hits = best.map(({ passage: { vector: _vector, ...passage }, score }) => ({
    passage,
    score,
    ...marks(passage, understood, { analyzer, lexicon }),
  }));
  return { hits: query.repeats ? hits : withoutRepeats(hits).slice(from), degraded };
}

/** By vectors, and by words. */
type Lists = [near: Candidate[], worded: Candidate[]];

interface StateOptions {
  ask: () => Promise<Lists>;
  /** What is asked in one query, of an index that never rests. */
  restless: () => Promise<Lists>;
  /** What of them the answer is made of. */
  shown: (lists: Lists) => Candidate[];
  signal: AbortSignal;
}

/**
 * The best of both lists, whole and of one state of the index, lest an answer has one document in two versions. Lists are begun
 * in one turn, in which what lies in memory does not change; where an engine is asked, its version tells.
 */
async function inOneState(
  source: CandidateSource,
  { ask, restless, shown, signal }: StateOptions,
): Promise<{ passage: Passage; score: number }[]> {
  for (let attempt = 1; ; attempt++) {
    const before = await source.version?.();
    const lists = await abortable(attempt > ATTEMPTS ? restless() : ask(), signal);
    const best = shown(lists);
    try {
      const [whole, isRead] = await abortable(wholeOf(best, source), signal);
      const isOne = !isRead && lists.some((list) => list.length === 0);
      if (isOne || before === (await source.version?.())) return whole;
    } catch (thrown) {
      // What was found may have moved meanwhile.
      throwIfAborted(signal);
      if (before === (await source.version?.())) throw thrown;
    }
  }
}

/** Candidates with their whole passages, and whether these had to be read. */
async function wholeOf(
  best: readonly Candidate[],
  source: CandidateSource,
): Promise<[{ passage: Passage; score: number }[], boolean]> {
  const bare = best.filter(({ passage }) => passage.text === undefined);
  const read = bare.length > 0 ? ((await source.passages?.(bare)) ?? []) : [];
  const byId = new Map(read.map((passage) => [passage.id, passage]));
  const whole = best.flatMap(({ passage, score }) => {
    const found = passage.text === undefined ? byId.get(passage.id) : (passage as Passage);
    return found ? [{ passage: found, score }] : [];
  });
  return [whole, bare.length > 0];
}

function rank(candidates: readonly Candidate[], query: UnderstoodQuery, lexicon: Lexicon): Candidate[] {
  const scoreOf = lexicalScorer(query, lexicon);
  const top = candidates
    .slice(0, RERANKED)
    .map((candidate) => ({ ...candidate, score: scoreOf(candidate.terms) }))
    .sort(byScore);
  const rest = candidates.slice(RERANKED);
  const last = top.at(-1)?.score ?? 0;
  const first = rest[0]?.score ?? 1;
  return [...top, ...rest.map((candidate) => ({ ...candidate, score: (last * candidate.score) / (first || 1) }))];
}

function fused(
  lexical: readonly Candidate[],
  near: readonly Candidate[],
  { words = 1, vectors = 1 }: FusionWeights = {},
): Candidate[] {
  const byId = new Map([...near, ...lexical].map((candidate) => [candidate.passage.id, candidate]));
  const idsOf = (list: readonly Candidate[]): string[] => list.map(({ passage }) => passage.id);
  const lists = [
    { ids: idsOf(lexical), weight: words },
    { ids: idsOf(near), weight: vectors },
  ];
  return fuse(lists).map(({ id, score }) => ({ ...byId.get(id)!, score }));
}

function byScore(a: Candidate, b: Candidate): number {
  return b.score - a.score || (a.passage.id < b.passage.id ? -1 : 1);
}

interface VectorOptions {
  embedder: Embedder | undefined;
  signal: AbortSignal;
  degraded: string[];
}

async function queryVector(
  source: CandidateSource,
  query: SearchQuery,
  { embedder, signal, degraded }: VectorOptions,
): Promise<Float32Array | undefined> {
  const vectors = source.vectors();
  if (!vectors) {
    degraded.push("vector: the index has no embedder");
    return undefined;
  }
  if (query.vector) {
    if (!query.vector.every(Number.isFinite))
      throw new FlowsteadError(
        "InvalidRequest",
        "The query's vector holds what is no number: nothing compares with it.",
      );
    if (query.vector.length === vectors.dimensions) return query.vector;
    throw new FlowsteadError(
      "EmbedderMismatch",
      `The query's vector has ${query.vector.length} dimensions and the index ${vectors.dimensions} ` +
        `(${vectors.fingerprint}). Embed queries with the model that built the index.`,
    );
  }
  if (!embedder) {
    degraded.push("vector: no embedder is configured");
    return undefined;
  }
  try {
    const [embedded] = await embedderFor(embedder, query.caller).embed([query.text], "query", signal);
    return embedded;
  } catch (thrown) {
    throwIfAborted(signal);
    degraded.push(`vector: ${FlowsteadError.from(thrown).message}`);
    return undefined;
  }
}
