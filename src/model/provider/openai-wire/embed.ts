import { sleep } from "../../../base/abort.ts";
import { FlowsteadError } from "../../../base/error/error.ts";
import type { Embedder } from "../../embedder.ts";
import type { WireClient } from "./client.ts";
import { badAnswer, statusFailure } from "./failure.ts";

export interface WireEmbedderOptions {
  client: WireClient;
  model: string;
  path: string;
  /** Asked of the server when given; else found out. */
  dimensions: number | undefined;
}

const BATCH_TEXTS = 96;
const BATCH_CHARS = 200_000;
const TIMEOUT_MS = 60_000;
const ATTEMPTS = 6;
const LONGEST_WAIT_MS = 60_000;

/** What the known models give when no other size is asked for. */
const KNOWN_DIMENSIONS: Record<string, number> = {
  "text-embedding-3-small": 1536,
  "text-embedding-3-large": 3072,
  "text-embedding-ada-002": 1536,
};

/**
 * An embedder behind the OpenAI-compatible wire. Vectors have length one. Rate limits and outages are waited for, since
 * indexing has time.
 * @throws FlowsteadError when the size of the vectors has to be asked for and the server does not answer.
 */
export async function wireEmbedder(options: WireEmbedderOptions, signal: AbortSignal): Promise<Embedder> {
  const { client, model } = options;
  const dimensions: number =
    options.dimensions ??
    KNOWN_DIMENSIONS[model] ??
    (await embedBatch(options, ["dimensions"], { signal }).then((vectors) => vectors[0]?.length ?? 0));
  return {
    fingerprint: `${model}/${dimensions}/unit`,
    dimensions,
    async embed(texts, _kind, signal, onUsage) {
      const vectors: Float32Array[] = [];
      for (const batch of batches(texts)) {
        for (const vector of await patiently(() => embedBatch(options, batch, { signal, onUsage }), signal)) {
          if (vector.length !== dimensions) {
            throw badAnswer(client.upstream, `a vector of ${vector.length} numbers where ${dimensions} were expected`);
          }
          vectors.push(vector);
        }
      }
      return vectors;
    },
    close: () => client.close(),
  };
}

async function embedBatch(
  { client, model, path, dimensions }: WireEmbedderOptions,
  input: string[],
  { signal, onUsage }: { signal: AbortSignal; onUsage?: ((tokens: number) => void) | undefined },
): Promise<Float32Array[]> {
  const body = {
    model,
    // Servers refuse an empty text; a blank has no meaning either.
    input: input.map((text) => text || " "),
    encoding_format: "float",
    ...(dimensions === undefined ? {} : { dimensions }),
  };
  const answer = await client.read({ method: "POST", path, body }, { signal, timeoutMs: TIMEOUT_MS });
  if (answer.status < 200 || answer.status > 299) {
    throw statusFailure(client.upstream, answer.status, { ...answer, model });
  }
  const vectors: Float32Array[] = [];
  try {
    const { data, usage } = JSON.parse(answer.body) as {
      data: { index?: number; embedding: number[] | string }[];
      usage?: { prompt_tokens?: number };
    };
    if (usage?.prompt_tokens !== undefined) onUsage?.(usage.prompt_tokens);
    for (const [position, { index = position, embedding }] of data.entries()) vectors[index] = unit(embedding);
  } catch (thrown) {
    throw badAnswer(client.upstream, "something else than embeddings", thrown);
  }
  if (vectors.length !== input.length || vectors.includes(undefined as never)) {
    throw badAnswer(client.upstream, `${vectors.length} embeddings for ${input.length} texts`);
  }
  return vectors;
}

function unit(embedding: number[] | string): Float32Array {
  const vector =
    typeof embedding === "string"
      ? new Float32Array(new Uint8Array(Buffer.from(embedding, "base64")).buffer)
      : Float32Array.from(embedding);
  let sum = 0;
  for (const value of vector) sum += value * value;
  const length = Math.sqrt(sum);
  if (!Number.isFinite(length)) throw new Error("a vector holds something else than numbers");
  return length === 0 ? vector : vector.map((value) => value / length);
}

async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (thrown) {
      const error = FlowsteadError.from(thrown);
      const isWorthIt = error.retryable && error.code !== "ModelQuotaExhausted" && error.code !== "ModelBadAnswer";
      if (!isWorthIt || attempt === ATTEMPTS) throw error;
      await sleep(Math.min(error.retryAfterMs ?? 250 * 2 ** attempt, LONGEST_WAIT_MS), signal);
    }
  }
}

function batches(texts: readonly string[]): string[][] {
  const all: string[][] = [];
  let current: string[] = [];
  let chars = 0;
  for (const text of texts) {
    if (current.length === BATCH_TEXTS || (current.length > 0 && chars + text.length > BATCH_CHARS)) {
      all.push(current);
      current = [];
      chars = 0;
    }
    current.push(text);
    chars += text.length;
  }
  if (current.length > 0) all.push(current);
  return all;
}
