// An index measured by questions whose right documents are known, once for each way to search it.

import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Hit, SearchIndex, SearchQuery } from "../search-index.ts";
import { type Measures, meanOf, measure } from "./measure.ts";

const wanted = z.union([
  z.string().transform((one) => ({ [one]: 1 })),
  z.array(z.string()).transform((all) => Object.fromEntries(all.map((one) => [one, 1]))),
  z.record(z.string(), z.number()),
]);

const questionShape = z
  .looseObject({
    question: z.string().optional(),
    query: z.string().optional(),
    relevant: wanted.optional(),
    source: wanted.optional(),
    sources: wanted.optional(),
  })
  .transform(({ question, query, relevant, source, sources }) => ({
    text: question ?? query ?? "",
    relevant: relevant ?? sources ?? source ?? {},
  }));

export interface EvaluationQuestion {
  text: string;
  /** Grades by id of a passage, id or title of a document, or name of its file. */
  relevant: Readonly<Record<string, number>>;
}

/** One question a line, as JSON. @throws FlowsteadError `InvalidRequest` naming the line. */
export function readQuestions(text: string): EvaluationQuestion[] {
  const questions = text.split("\n").flatMap((line, at): EvaluationQuestion[] => {
    if (line.trim() === "") return [];
    const parsed = questionShape.safeParse(tryJson(line));
    if (parsed.success && parsed.data.text !== "" && Object.keys(parsed.data.relevant).length > 0) return [parsed.data];
    throw new FlowsteadError(
      "InvalidRequest",
      `Line ${at + 1} of the questions is not of the form {"question": "...", "relevant": ["file.md"]}.`,
    );
  });
  if (questions.length > 0) return questions;
  throw new FlowsteadError("InvalidRequest", "There are no questions in the file.");
}

const WAYS: Readonly<Record<string, Pick<SearchQuery, "mode" | "rerank">>> = {
  lexical: { mode: "text", rerank: false },
  vector: { mode: "vector", rerank: false },
  hybrid: { mode: "hybrid", rerank: false },
  reranked: { mode: "text", rerank: "words" },
  "hybrid reranked": { mode: "hybrid", rerank: "words" },
  // Words where there are no vectors.
  "by model": { mode: "hybrid" },
};

export interface Evaluation {
  questions: number;
  /** By way to search; one that the index cannot do is left out. */
  ways: Record<string, Measures>;
}

/** `onProgress` is told after each question of each way. */
export async function evaluateIndex(
  index: SearchIndex,
  questions: readonly EvaluationQuestion[],
  { k, signal, onProgress }: { k: number; signal: AbortSignal; onProgress?: (done: number, total: number) => void },
): Promise<Evaluation> {
  const { embedder, reranker } = await index.statistics(signal);
  const names = Object.keys(WAYS).filter((name) =>
    name === "by model" ? reranker !== undefined : embedder !== undefined || WAYS[name]?.mode === "text",
  );
  const ways: Record<string, Measures> = {};
  let done = 0;
  for (const name of names) {
    const all: Measures[] = [];
    for (const { text, relevant } of questions) {
      // Passages of one document stand behind each other, and the document counts once.
      const { hits } = await index.query({ text, top: Math.max(k, 10) * 5, readers: "all", ...WAYS[name]! }, signal);
      all.push(measure({ grades: gradesOf(hits, relevant), wanted: Object.values(relevant) }, k));
      onProgress?.(++done, names.length * questions.length);
    }
    ways[name] = meanOf(all);
  }
  return { questions: questions.length, ways };
}

function gradesOf(hits: readonly Hit[], relevant: EvaluationQuestion["relevant"]): number[] {
  const byPassage = hits.some(({ passage: { id } }) => Object.hasOwn(relevant, id));
  const seen = new Set<string>();
  return hits.flatMap(({ passage: { id, documentId, title, source } }) => {
    const thing = byPassage ? id : documentId;
    if (seen.has(thing)) return [];
    seen.add(thing);
    const names = [id, documentId, title, source, path.posix.basename(source.replaceAll("\\", "/"))];
    const found = names.find((name) => Object.hasOwn(relevant, name)) ?? inside(source, relevant);
    return [found === undefined ? 0 : relevant[found]!];
  });
}

/** A wanted path may be the end of the document's own. */
function inside(source: string, relevant: EvaluationQuestion["relevant"]): string | undefined {
  return Object.keys(relevant).find((name) => source.endsWith(`/${name}`));
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
