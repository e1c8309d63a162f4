// Vectors of documents in a table of their own, by pgvector: numbers of four bytes, compared by the database.

import type { PoolClient } from "pg";
import type { KeySet, Nearest, NearestQuery, VectorStore } from "../../document/document-store.ts";
import { unpackVectors } from "../../document/packed-vector.ts";
import type { StoredDocument } from "../../document/value.ts";
import { FlowsteadError } from "../../../base/error/error.ts";
import { type Database, inTransaction, rowsOf } from "./database.ts";
import { METRICS, type NearestGraph, graphType } from "./nearest-graph.ts";

/** The graph looks at this many neighbours at least, and answers for no more than the second. */
const LEAST_LOOKED_AT = 200;
const MOST_BY_GRAPH = 500;
/** Documents that are named one by one rather than left out of what is found. */
const NAMED = 5000;
const MOVED_AT_ONCE = 500;

interface FoundRow {
  version: number;
  key: string | null;
  distance: number | null;
}

export function vectorTable(database: Database, name: string, graph: NearestGraph): VectorStore {
  const { pool, indexes } = database;
  const { table, pgvector } = database.vectors!;

  /** One statement, so that the version is that of what was found. */
  const ask = async (
    query: NearestQuery,
    limit: number,
    how: "graph" | "all" | readonly string[],
  ): Promise<Nearest> => {
    const { path, vector, metric } = query;
    const { sign, score } = METRICS[metric];
    const wide = pgvector.type("vector");
    const whole = `embedding ${pgvector.operator(sign)} $3::${wide}`;
    // As the graph is made: the planner takes it for this expression only.
    const type = graphType(vector.length);
    const narrow = type && `${pgvector.type(type)}(${vector.length})`;
    const order = narrow && how === "graph" ? `(embedding::${narrow}) ${pgvector.operator(sign)} $3::${narrow}` : whole;
    const named = typeof how === "string" ? "" : " AND key = ANY($5)";
    const text = `SELECT i.version, n.key, n.distance FROM ${indexes} i LEFT JOIN LATERAL (
      SELECT key, ${whole} AS distance FROM (
        SELECT key, embedding FROM ${table} WHERE index_name = $1 AND path = $2${named} ORDER BY ${order} LIMIT $4) near
      ORDER BY 2, 1) n ON true WHERE i.name = $1`;
    // The graph gives no more than it looks at.
    const begin =
      how === "graph"
        ? `BEGIN READ ONLY; SET LOCAL hnsw.ef_search = ${Math.min(1000, Math.max(LEAST_LOOKED_AT, 2 * limit))}`
        : "BEGIN READ ONLY; SET LOCAL enable_indexscan = off";
    const values = [name, path, `[${vector.join(",")}]`, limit, ...(typeof how === "string" ? [] : [how])];
    const rows = await inTransaction(pool, async (client) => (await client.query<FoundRow>(text, values)).rows, begin);
    if (rows.length === 0) throw new FlowsteadError("IndexNotFound", `There is no search index named ${name}.`);
    const found = rows
      .filter(({ key }) => key !== null)
      // A vector of zeros is near to nothing.
      .map(({ key, distance }) => ({ key: key!, score: score(Number.isFinite(distance) ? distance! : 1) }));
    return { version: rows[0]!.version, found };
  };

  return {
    async nearest(query) {
      const { k, among, isExact } = query;
      const byGraph = (limit: number): boolean => !isExact && limit <= MOST_BY_GRAPH;
      if (!among) return ask(query, k, byGraph(k) ? "graph" : "all");
      if (among.size <= NAMED) return ask(query, k, [...among.keys()]);
      const share = among.of / among.size;
      for (let limit = Math.ceil(1.5 * k * share), isFirst = true; ; limit *= 8, isFirst = false) {
        const isByGraph = isFirst && byGraph(limit);
        const answer = await ask(query, limit, isByGraph ? "graph" : "all");
        const found = kept(answer, among, k);
        // What the graph gives may be less than there is.
        if (found.length === k || (!isByGraph && answer.found.length < limit)) return { ...answer, found };
      }
    },
    async read(keys) {
      const found = new Map<string, Record<string, Float32Array>>();
      if (keys.length === 0) return found;
      const rows = await rowsOf<{ key: string; path: string; embedding: string }>(
        pool,
        `SELECT key, path, embedding::text AS embedding FROM ${table} WHERE index_name = $1 AND key = ANY($2)`,
        [name, keys],
      );
      for (const { key, path, embedding } of rows) {
        const vectors = found.get(key) ?? {};
        vectors[path] = Float32Array.from(JSON.parse(embedding) as number[]);
        found.set(key, vectors);
      }
      return found;
    },
    async dimensions(path) {
      const text = `SELECT ${pgvector.operators("vector_dims")}(embedding) AS dimensions FROM ${table} WHERE index_name = $1 AND path = $2 LIMIT 1`;
      return (await rowsOf<{ dimensions: number }>(pool, text, [name, path]))[0]?.dimensions;
    },
    kind: async () => ((await graph.isMade()) ? "approximate" : "exact"),
    async bytes() {
      const text = `SELECT coalesce(sum(pg_column_size(embedding)), 0)::float8 AS bytes FROM ${table} WHERE index_name = $1`;
      return (await rowsOf<{ bytes: number }>(pool, text, [name]))[0]?.bytes ?? 0;
    },
  };
}

function kept({ found }: Nearest, among: KeySet, k: number): Nearest["found"] {
  return found.filter(({ key }) => among.has(key)).slice(0, k);
}

/** Makes the vectors of `given` all that the documents named have. */
export async function writeVectors(
  client: PoolClient,
  { vectors }: Database,
  name: string,
  { given, keys }: { given: readonly StoredDocument[]; keys: readonly string[] },
): Promise<void> {
  if (!vectors) return;
  const { table, pgvector } = vectors;
  await client.query(`DELETE FROM ${table} WHERE index_name = $1 AND key = ANY($2)`, [name, keys]);
  const all = given.flatMap(({ key, vectors: own }) =>
    Object.entries(own).map(([path, vector]) => ({ key, path, text: `[${vector.join(",")}]` })),
  );
  if (all.length === 0) return;
  await client.query(
    `INSERT INTO ${table} (index_name, path, key, embedding)
     SELECT $1, path, key, embedding::${pgvector.type("vector")} FROM unnest($2::text[], $3::text[], $4::text[]) AS row(path, key, embedding)`,
    [name, all.map(({ path }) => path), all.map(({ key }) => key), all.map(({ text }) => text)],
  );
}

/** Vectors that were written before pgvector was there get into its table; documents stay as they are. */
export async function moveVectors(database: Database, name: string): Promise<void> {
  const { pool, indexes, documents } = database;
  const packed = `SELECT key, vectors FROM ${documents} WHERE index_name = $1 AND vectors <> '' LIMIT ${MOVED_AT_ONCE}`;
  if ((await rowsOf(pool, packed, [name])).length === 0) return;
  await inTransaction(pool, async (client) => {
    // Whoever writes waits.
    await client.query(`SELECT FROM ${indexes} WHERE name = $1 FOR UPDATE`, [name]);
    for (;;) {
      const { rows } = await client.query<{ key: string; vectors: string }>(packed, [name]);
      if (rows.length === 0) return;
      const keys = rows.map(({ key }) => key);
      const given = rows.map(({ key, vectors }) => ({ key, fields: {}, vectors: unpackVectors(vectors) }));
      await writeVectors(client, database, name, { given, keys });
      await client.query(`UPDATE ${documents} SET vectors = '' WHERE index_name = $1 AND key = ANY($2)`, [name, keys]);
    }
  });
}
