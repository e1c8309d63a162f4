import type { EmbeddingInput } from "../../embedder.ts";
import type { EmbeddingCall, EmbeddingModel } from "../../embedding-model.ts";
import type { WireClient } from "./client.ts";
import { badAnswer, statusFailure } from "./failure.ts";
import { listModels } from "./list.ts";

export interface WireEmbeddingOptions {
  id: string;
  client: WireClient;
  /** As the server knows it. */
  model: string;
  /** As others know it, when the server has a name of its own for it. */
  serves?: string | undefined;
  path: string;
  modelsPath: string;
  /** Asked of the server when given; else found out. */
  dimensions: number | undefined;
  /** How long one call may take. Default 60 000. */
  answerMs?: number | undefined;
}

/** Where nobody else could be asked. */
const ANSWER_MS = 60_000;

/** What the known models give when no other size is asked for. */
const KNOWN_DIMENSIONS: Record<string, number> = {
  "text-embedding-3-small": 1536,
  "text-embedding-3-large": 3072,
  "text-embedding-ada-002": 1536,
};

/** An embedding model behind the OpenAI-compatible wire. */
export function wireEmbedding(options: WireEmbeddingOptions): EmbeddingModel {
  const { id, client, model, serves, modelsPath, dimensions } = options;
  return {
    id,
    name: serves ?? model,
    dimensions: dimensions ?? KNOWN_DIMENSIONS[serves ?? model] ?? KNOWN_DIMENSIONS[model],
    embed: (texts, call) => embedBatch(options, texts, call),
    async probe(signal) {
      await listModels(client, modelsPath, signal);
    },
    close: () => client.close(),
  };
}

async function embedBatch(
  { client, model, path, dimensions, answerMs = ANSWER_MS }: WireEmbeddingOptions,
  input: readonly EmbeddingInput[],
  { signal, onUsage, user, dimensions: expected, asGiven }: EmbeddingCall,
): Promise<Float32Array[]> {
  const body = {
    model,
    // Servers refuse an empty text; a blank has no meaning either.
    input: input.map((text) => text || " "),
    encoding_format: "float",
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(user === undefined ? {} : { user }),
  };
  const answer = await client.read({ method: "POST", path, body }, { signal, timeoutMs: answerMs });
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
    for (const [position, { index = position, embedding }] of data.entries()) {
      vectors[index] = asGiven ? numbers(embedding) : unit(numbers(embedding));
    }
  } catch (thrown) {
    throw badAnswer(client.upstream, "something else than embeddings", thrown);
  }
  if (vectors.length !== input.length || vectors.includes(undefined as never)) {
    throw badAnswer(client.upstream, `${vectors.length} embeddings for ${input.length} texts`);
  }
  const other = expected === undefined ? undefined : vectors.find(({ length }) => length !== expected);
  if (other) {
    throw badAnswer(client.upstream, `a vector of ${other.length} numbers where ${expected} were expected`);
  }
  return vectors;
}

function numbers(embedding: number[] | string): Float32Array {
  return typeof embedding === "string"
    ? new Float32Array(new Uint8Array(Buffer.from(embedding, "base64")).buffer)
    : Float32Array.from(embedding);
}

function unit(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const length = Math.sqrt(sum);
  if (!Number.isFinite(length)) throw new Error("a vector holds something else than numbers");
  return length === 0 ? vector : vector.map((value) => value / length);
}
