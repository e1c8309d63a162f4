// The graph of neighbours (HNSW) that pgvector keeps over the vectors of one field. It is made behind the queries, once there
// are so many vectors that comparing all takes too long, by one process at a time; the database keeps it current.

import { createHash } from "node:crypto";
import type { Pool } from "pg";
import { readSchema, type Metric } from "../../document/definition.ts";
import { type Database, rowsOf } from "./database.ts";

export interface NearestGraph {
  isMade(): Promise<boolean>;
  /** Makes it, if it is needed, when nobody has called this for a moment. */
  soon(): void;
  /** Waits for one that is being made. */
  close(): Promise<void>;
}

interface GraphParts {
  pool: Pool;
  vectors: NonNullable<Database["vectors"]>;
  name: string;
  definition: Readonly<Record<string, unknown>>;
  comparedUpTo: number;
}

/** How each metric is told to the database, and its distances as scores of Azure AI Search. */
export const METRICS: Readonly<
  Record<Metric, { sign: string; operators: string; score: (distance: number) => number }>
> = {
  cosine: { sign: "<=>", operators: "cosine_ops", score: (distance) => 1 / (1 + distance) },
  dotProduct: { sign: "<#>", operators: "ip_ops", score: (distance) => -distance },
  euclidean: { sign: "<->", operators: "l2_ops", score: (distance) => 1 / (1 + distance) },
};

const QUIET_MS = 1000;
const LOCK = 7_203_418;

/** The numbers that a graph holds; undefined for vectors too long for one. */
export function graphType(dimensions: number): "vector" | "halfvec" | undefined {
  return dimensions <= 2000 ? "vector" : dimensions <= 4000 ? "halfvec" : undefined;
}

export function nearestGraph({ pool, vectors, name, definition, comparedUpTo }: GraphParts): NearestGraph {
  const { table, schema, pgvector } = vectors;
  let timer: NodeJS.Timeout | undefined;
  let making: Promise<void> = Promise.resolve();
  let isClosed = false;

  const metricOf = (path: string): Metric => readSchema(definition).fields.get(path)?.vector?.metric ?? "cosine";
  const made = () =>
    rowsOf<{ name: string; valid: boolean }>(
      pool,
      `SELECT c.relname AS name, x.indisvalid AS valid FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
       WHERE x.indrelid = $1::regclass AND c.relname LIKE $2`,
      [table, `${prefixOf(name)}%`],
    );

  const make = async (): Promise<void> => {
    const fields = await rowsOf<{ path: string; dimensions: number }>(
      pool,
      `SELECT path, max(${pgvector.operators("vector_dims")}(embedding)) AS dimensions FROM ${table} WHERE index_name = $1
       GROUP BY path HAVING count(*) > $2`,
      [name, comparedUpTo],
    );
    for (const { path, dimensions } of fields) {
      const type = graphType(dimensions);
      const metric = metricOf(path);
      const graph = `${prefixOf(name)}${hash(`${path} ${metric} ${dimensions}`)}`;
      if (!type || isClosed || (await made()).some((one) => one.name === graph && one.valid)) continue;
      const client = await pool.connect();
      try {
        const { rows } = await client.query<{ taken: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS taken`);
        if (!rows[0]?.taken) continue;
        // One that was cut short is there and of no use.
        await client.query(`DROP INDEX IF EXISTS ${schema}.${graph}`);
        await client.query(
          `CREATE INDEX CONCURRENTLY ${graph} ON ${table} USING hnsw
           ((embedding::${pgvector.type(type)}(${dimensions})) ${pgvector.operators(`${type}_${METRICS[metric].operators}`)})
           WHERE index_name = ${client.escapeLiteral(name)} AND path = ${client.escapeLiteral(path)}`,
        );
      } finally {
        // The lock goes with the connection.
        client.release(true);
      }
    }
  };

  return {
    isMade: async () => (await made()).some(({ valid }) => valid),
    soon() {
      clearTimeout(timer);
      if (isClosed) return;
      timer = setTimeout(() => {
        // Without it all vectors are compared, and the next write tries again.
        making = making.then(make).catch(() => undefined);
      }, QUIET_MS);
      timer.unref();
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await making;
    },
  };
}

/** Takes away what was made for an index that is gone. */
export async function dropGraphs(pool: Pool, { schema, table }: GraphParts["vectors"], name: string): Promise<void> {
  const found = await rowsOf<{ name: string }>(
    pool,
    "SELECT c.relname AS name FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = $1::regclass AND c.relname LIKE $2",
    [table, `${prefixOf(name)}%`],
  );
  for (const { name: graph } of found) await rowsOf(pool, `DROP INDEX IF EXISTS ${schema}.${graph}`);
}

function prefixOf(name: string): string {
  return `near_${hash(name)}_`;
}

/** Names in the database are short, and those of indexes may not be. */
function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
