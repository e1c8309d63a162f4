// Vectors in memory: every living document is compared, so nothing near is missed and a filter costs nothing extra.

import { FlowsteadError } from "../../base/error/error.ts";
import type { Embedder } from "../../model/embedder.ts";
import type { Metric, SchemaField } from "./definition.ts";
import type { Image } from "./image.ts";
import { type VectorQueryBody, listed } from "./request.ts";
import { isPlainNumber } from "./value.ts";

export interface VectorQuery {
  field: SchemaField;
  vector: Float32Array;
  k: number;
  weight: number;
  /** All vectors are to be compared, whatever index there is. */
  isExact: boolean;
}

const DEFAULT_K = 50;

/** One query per field. @throws FlowsteadError `InvalidRequest` for a wrong field or length, or text without an embedder. */
export async function queryVectors(
  asked: readonly VectorQueryBody[],
  { image, embedder, signal }: { image: Image; embedder: Embedder | undefined; signal: AbortSignal },
): Promise<VectorQuery[]> {
  const found: VectorQuery[] = [];
  for (const { kind, vector, text, fields, k, weight, exhaustive } of asked) {
    const names = listed(fields);
    if (names.length === 0) throw wrong("a vector query names no fields");
    const given = kind === "vector" ? vector : await embedded(text ?? "", embedder, signal);
    if (!given) throw wrong("a vector query has no vector");
    if (!given.every(isPlainNumber)) throw wrong("a number of the vector is too large for four bytes");
    for (const name of names) {
      const field = image.schema.fields.get(name);
      if (!field?.vector) throw wrong(`'${name}' is no vector field of the index`);
      if (given.length !== field.vector.dimensions) {
        throw wrong(
          `the vector field '${name}' has ${field.vector.dimensions} dimensions and the query's vector ${given.length}`,
        );
      }
      const shape = { k: k ?? DEFAULT_K, weight: weight ?? 1, isExact: exhaustive ?? false };
      found.push({ field, vector: Float32Array.from(given), ...shape });
    }
  }
  return found;
}

async function embedded(
  text: string,
  embedder: Embedder | undefined,
  signal: AbortSignal,
): Promise<Float32Array | undefined> {
  if (!embedder) {
    throw wrong(
      "a vector query of the kind 'text' needs an embedding model, and none is configured (`embedder:` in flowstead.yaml)",
    );
  }
  return (await embedder.embed([text], "query", signal))[0];
}

/** The `k` nearest that `keep` lets pass, best first; scores as in the original, 1 / (1 + distance). */
export function nearest(
  image: Image,
  { field, vector, k }: VectorQuery,
  keep: ((number: number) => boolean) | undefined,
): { number: number; score: number }[] {
  const metric = field.vector?.metric ?? "cosine";
  const length = Math.hypot(...vector) || 1;
  const found: { number: number; score: number }[] = [];
  for (const number of image.numbers()) {
    const other = image.at(number)?.vectors[field.path];
    if (other && (!keep || keep(number))) found.push({ number, score: similarity(vector, other, { metric, length }) });
  }
  return found.sort((a, b) => b.score - a.score || a.number - b.number).slice(0, k);
}

function similarity(a: Float32Array, b: Float32Array, { metric, length }: { metric: Metric; length: number }): number {
  let dot = 0;
  let norm = 0;
  let squares = 0;
  for (let at = 0; at < a.length; at++) {
    const [x, y] = [a[at]!, b[at]!];
    dot += x * y;
    norm += y * y;
    squares += (x - y) * (x - y);
  }
  if (metric === "dotProduct") return dot;
  return metric === "euclidean" ? 1 / (1 + Math.sqrt(squares)) : 1 / (2 - dot / (length * (Math.sqrt(norm) || 1)));
}

function wrong(why: string): FlowsteadError {
  return new FlowsteadError("InvalidRequest", `The vector query is invalid: ${why}. Parameter name: vectorQueries`, {
    details: { parameter: "vectorQueries" },
  });
}
