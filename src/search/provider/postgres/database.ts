// The connections to a database, its tables, and whether it can look up vectors.

import { Pool, type PoolClient } from "pg";
import { FlowsteadError } from "../../../base/error/error.ts";

export interface Database {
  pool: Pool;
  indexes: string;
  documents: string;
  extras: string;
  /** Where pgvector is there. */
  vectors?: { table: string; schema: string; pgvector: Pgvector };
}

/** The extension's types and operators by their full names: it may lie in any schema. */
export interface Pgvector {
  type(name: "vector" | "halfvec"): string;
  operator(sign: string): string;
  operators(name: string): string;
}

/** Opens the database and makes what is missing. `url` holds a password: never logged. */
export async function openDatabase(url: string, schema: string): Promise<Database> {
  const pool = new Pool({ connectionString: url, max: 8, connectionTimeoutMillis: 10_000 });
  // A connection that breaks while it is idle is replaced at the next use.
  pool.on("error", () => undefined);
  const quoted = quotedName(schema);
  const tables = {
    indexes: `${quoted}.search_index`,
    documents: `${quoted}.search_document`,
    extras: `${quoted}.search_extra`,
  };
  try {
    const pgvector = await inTransaction(pool, async (client) => {
      // Two processes that start at once would make the same tables.
      await client.query("SELECT pg_advisory_xact_lock(7203417)");
      await createTables(client, quoted, tables);
      return findPgvector(client);
    });
    if (!pgvector) return { pool, ...tables };
    const table = `${quoted}.search_vector`;
    await inTransaction(pool, async (client) => {
      await client.query("SELECT pg_advisory_xact_lock(7203417)");
      await client.query(
        `CREATE TABLE IF NOT EXISTS ${table} (index_name text NOT NULL, path text NOT NULL, key text NOT NULL,
         embedding ${pgvector.type("vector")} NOT NULL, PRIMARY KEY (index_name, path, key),
         FOREIGN KEY (index_name, key) REFERENCES ${tables.documents} ON DELETE CASCADE)`,
      );
    });
    return { pool, ...tables, vectors: { table, schema: quoted, pgvector } };
  } catch (thrown) {
    await pool.end();
    throw failed(thrown);
  }
}

type Tables = Pick<Database, "indexes" | "documents" | "extras">;

async function createTables(client: PoolClient, schema: string, tables: Tables): Promise<void> {
  const { indexes, documents, extras } = tables;
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${indexes} (name text PRIMARY KEY, definition jsonb NOT NULL, etag text NOT NULL, version int NOT NULL DEFAULT 0)`,
  );
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${documents} (index_name text NOT NULL REFERENCES ${indexes} ON DELETE CASCADE,
     key text NOT NULL, fields text, vectors text NOT NULL, version int NOT NULL, PRIMARY KEY (index_name, key))`,
  );
  await client.query(`CREATE INDEX IF NOT EXISTS search_document_version ON ${documents} (index_name, version)`);
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${extras} (kind text NOT NULL, name text NOT NULL, definition jsonb NOT NULL, etag text NOT NULL, PRIMARY KEY (kind, name))`,
  );
}

/** Undefined where the extension is not there, and where this role may not make it. */
async function findPgvector(client: PoolClient): Promise<Pgvector | undefined> {
  const { rows } = await client.query<{ installed_version: string | null }>(
    "SELECT installed_version FROM pg_available_extensions WHERE name = 'vector'",
  );
  if (rows.length === 0) return undefined;
  if (rows[0]!.installed_version === null) {
    await client.query("SAVEPOINT before_extension");
    try {
      await client.query("CREATE EXTENSION vector");
    } catch {
      await client.query("ROLLBACK TO SAVEPOINT before_extension");
      return undefined;
    }
  }
  const found = await client.query<{ schema: string; version: string }>(
    "SELECT nspname AS schema, extversion AS version FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'vector'",
  );
  const { schema = "public", version = "" } = found.rows[0] ?? {};
  // The graph of neighbours came with 0.5, numbers of half the width with 0.7.
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major === 0 && minor < 7) return undefined;
  const quoted = quotedName(schema);
  return {
    type: (name) => `${quoted}.${name}`,
    operator: (sign) => `OPERATOR(${quoted}.${sign})`,
    operators: (name) => `${quoted}.${name}`,
  };
}

export async function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  begin = "BEGIN",
): Promise<T> {
  let client: PoolClient | undefined;
  try {
    client = await pool.connect();
    await client.query(begin);
    const result = await work(client);
    await client.query("COMMIT");
    client.release();
    return result;
  } catch (thrown) {
    // A connection whose state is not known is not used again.
    client?.release(true);
    throw failed(thrown);
  }
}

export async function rowsOf<R extends object>(pool: Pool, text: string, values: unknown[] = []): Promise<R[]> {
  try {
    return (await pool.query<R>(text, values)).rows;
  } catch (thrown) {
    throw failed(thrown);
  }
}

export function failed(thrown: unknown): FlowsteadError {
  if (thrown instanceof FlowsteadError) return thrown;
  const reason = thrown instanceof Error ? thrown.message.split("\n")[0] || thrown.name : String(thrown);
  return new FlowsteadError("SearchFailed", `The search database failed: ${reason}`, { cause: thrown });
}

function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
