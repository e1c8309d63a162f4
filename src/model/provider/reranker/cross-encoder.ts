// `POST /rerank`, as Cohere, Jina, Voyage and vLLM speak it, and in the shape of Hugging Face's text-embeddings-inference.

import { z } from "zod";
import type { Reranker } from "../../reranker.ts";
import { wireClient } from "../openai-wire/client.ts";
import { badAnswer, statusFailure } from "../openai-wire/failure.ts";

export interface CrossEncoderSettings {
  /** With its version path, such as `https://api.cohere.com/v2`. */
  baseUrl: string;
  apiKey?: string | undefined;
  /** Servers that have one model need none. */
  model?: string | undefined;
  /** `documents` is the common wire; `texts` that of text-embeddings-inference. */
  wire: "documents" | "texts";
}

const scored = z.object({
  index: z.int().min(0),
  relevance_score: z.number().optional(),
  score: z.number().optional(),
});
const answerShape = z.union([
  z.array(scored),
  z.object({ results: z.array(scored) }),
  z.object({ data: z.array(scored) }),
]);

// The caller's deadline is nearer; this one only bounds a server that never ends its answer.
const LONGEST_MS = 60_000;

export function crossEncoder({ baseUrl, apiKey, model, wire }: CrossEncoderSettings): Reranker {
  const client = wireClient({
    baseUrl,
    keySource: "`api_key` of `reranker`",
    ...(apiKey ? { secret: apiKey } : {}),
    authorize: (): Record<string, string> => (apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
  });
  const bodyOf = (query: string, texts: readonly string[]): object =>
    wire === "texts"
      ? { query, texts, truncate: true }
      : { query, documents: texts, top_n: texts.length, ...(model ? { model } : {}) };
  return {
    id: `cross-encoder/${model ?? client.upstream.host}`,
    async score(question, texts, { signal }) {
      const call = { method: "POST", path: "/rerank", body: bodyOf(question, texts) } as const;
      const answer = await client.read(call, { signal, timeoutMs: LONGEST_MS });
      if (answer.status < 200 || answer.status > 299) {
        throw statusFailure(client.upstream, answer.status, { ...answer, ...(model ? { model } : {}) });
      }
      const scores = scoresIn(answer.body, texts.length);
      if (scores) return scores;
      throw badAnswer(client.upstream, `something else than a score for each of ${texts.length} passages`);
    },
    close: () => client.close(),
  };
}

function scoresIn(body: string, count: number): number[] | undefined {
  const parsed = answerShape.safeParse(tryJson(body));
  if (!parsed.success) return undefined;
  const results = Array.isArray(parsed.data)
    ? parsed.data
    : "results" in parsed.data
      ? parsed.data.results
      : parsed.data.data;
  const scores: (number | undefined)[] = Array.from({ length: count }, () => undefined);
  for (const { index, relevance_score: relevance, score } of results)
    if (index < count) scores[index] = relevance ?? score;
  const whole = scores.filter((score) => score !== undefined);
  return whole.length === count ? whole : undefined;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
