// Documents in PostgreSQL: one table for the indexes, one for all documents. Ranking is not the database's: what it keeps is
// searched by the layer above, so results are the same as everywhere.

import { Pool, type PoolClient } from "pg";
import { FlowsteadError } from "../../../base/error/error.ts";
import type { DocumentProvider, DocumentStore, StoredIndex } from "../../document/document-store.ts";
import { packVectors, unpackVectors } from "../../document/packed-vector.ts";
import type { StoredDocument } from "../../document/value.ts";

export interface PostgresOptions {
  /** `postgres://user@host:port/database`, or a folder of a socket. Holds a password: never logged. */
  url: string;
  /** Tables lie in a schema of this name. */
  schema?: string;
}

interface DocumentRow {
  key: string;
  fields: string | null;
  vectors: string;
}

export async function postgresDocuments({ url, schema = "flowstead" }: PostgresOptions): Promise<DocumentProvider> {
  const pool = new Pool({ connectionString: url, max: 8, connectionTimeoutMillis: 10_000 });
  // A connection that breaks while it is idle is replaced at the next use.
  pool.on("error", () => undefined);
  const quoted = `"${schema.replaceAll('"', '""')}"`;
  const tables = {
    indexes: `${quoted}.search_index`,
    documents: `${quoted}.search_document`,
    extras: `${quoted}.search_extra`,
  };
  try {
    await createTables(pool, quoted, tables);
  } catch (thrown) {
    await pool.end();
    throw failed(thrown);
  }
  const rows = async <R extends object>(text: string, values: unknown[] = []): Promise<R[]> => {
    try {
      return (await pool.query<R>(text, values)).rows;
    } catch (thrown) {
      throw failed(thrown);
    }
  };
  const read = async (name: string): Promise<StoredIndex | undefined> => {
    const [found] = await rows<StoredIndex>(`SELECT definition, etag FROM ${tables.indexes} WHERE name = $1`, [name]);
    return found;
  };
  return {
    list: () => rows<StoredIndex>(`SELECT definition, etag FROM ${tables.indexes} ORDER BY name`),
    read,
    async put(name, { definition, etag }) {
      await rows(
        `INSERT INTO ${tables.indexes} (name, definition, etag) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, etag = excluded.etag`,
        [name, JSON.stringify(definition), etag],
      );
    },
    remove: async (name) =>
      (await rows(`DELETE FROM ${tables.indexes} WHERE name = $1 RETURNING name`, [name])).length > 0,
    async open(name) {
      if (await read(name)) return documentStore(pool, tables, name);
      throw new FlowsteadError("IndexNotFound", `There is no search index named ${name}.`);
    },
    async readExtras(kind) {
      const found = await rows<{ name: string } & StoredIndex>(
        `SELECT name, definition, etag FROM ${tables.extras} WHERE kind = $1`,
        [kind],
      );
      return Object.fromEntries(found.map(({ name, definition, etag }) => [name, { definition, etag }]));
    },
    async writeExtras(kind, extras) {
      await inTransaction(pool, async (client) => {
        await client.query(`DELETE FROM ${tables.extras} WHERE kind = $1`, [kind]);
        for (const [name, { definition, etag }] of Object.entries(extras)) {
          const values = [kind, name, JSON.stringify(definition), etag];
          await client.query(
            `INSERT INTO ${tables.extras} (kind, name, definition, etag) VALUES ($1, $2, $3, $4)`,
            values,
          );
        }
      });
    },
    close: () => pool.end(),
  };
}

interface Tables {
  indexes: string;
  documents: string;
  extras: string;
}

async function createTables(pool: Pool, schema: string, { indexes, documents, extras }: Tables): Promise<void> {
  await inTransaction(pool, async (client) => {
    // Two processes that start at once would make the same tables.
    await client.query("SELECT pg_advisory_xact_lock(7203417)");
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
  });
}

function documentStore(pool: Pool, { indexes, documents }: Tables, name: string): DocumentStore {
  return {
    write: (given, removed) =>
      inTransaction(pool, async (client) => {
        // The row of the index is locked until the commit, so versions become visible in their order.
        const taken = await client.query<{ version: number }>(
          `UPDATE ${indexes} SET version = version + 1 WHERE name = $1 RETURNING version`,
          [name],
        );
        const version = taken.rows[0]?.version;
        if (version === undefined) throw new FlowsteadError("IndexNotFound", `There is no search index named ${name}.`);
        const keys = [...given.map(({ key }) => key), ...removed];
        const fields = [...given.map((one) => escapeNul(JSON.stringify(one.fields))), ...removed.map(() => null)];
        const vectors = [...given.map((one) => packVectors(one.vectors)), ...removed.map(() => "")];
        await client.query(
          `INSERT INTO ${documents} (index_name, key, fields, vectors, version)
           SELECT $1, key, fields, vectors, $5 FROM unnest($2::text[], $3::text[], $4::text[]) AS row(key, fields, vectors)
           ON CONFLICT (index_name, key) DO UPDATE SET fields = excluded.fields, vectors = excluded.vectors, version = excluded.version`,
          [name, keys, fields, vectors, version],
        );
        return version;
      }),
    changes: (since) =>
      inTransaction(
        pool,
        async (client) => {
          const now = await client.query<{ version: number }>(`SELECT version FROM ${indexes} WHERE name = $1`, [name]);
          const version = now.rows[0]?.version;
          if (version === undefined)
            throw new FlowsteadError("IndexNotFound", `There is no search index named ${name}.`);
          if (version === since) return { version, documents: [], removed: [] };
          const found = await client.query<DocumentRow>(
            `SELECT key, fields, vectors FROM ${documents} WHERE index_name = $1 AND version > $2`,
            [name, since ?? -1],
          );
          return {
            version,
            documents: found.rows.filter(({ fields }) => fields !== null).map(fromRow),
            removed: found.rows.filter(({ fields }) => fields === null).map(({ key }) => key),
          };
        },
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
      ),
    async bytes() {
      const text = `SELECT coalesce(sum(length(coalesce(fields, '')) + length(vectors)), 0)::float8 AS bytes FROM ${documents} WHERE index_name = $1`;
      return (await pool.query<{ bytes: number }>(text, [name])).rows[0]?.bytes;
    },
    close: async () => undefined,
  };
}

async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>, begin = "BEGIN"): Promise<T> {
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

function fromRow({ key, fields, vectors }: DocumentRow): StoredDocument {
  return { key, fields: JSON.parse(fields ?? "{}") as StoredDocument["fields"], vectors: unpackVectors(vectors) };
}

/** JSON writes the character 0 as an escape already; a raw one would be refused by the database. */
function escapeNul(json: string): string {
  return json.replaceAll("\u0000", String.raw`\u0000`);
}

function failed(thrown: unknown): FlowsteadError {
  if (thrown instanceof FlowsteadError) return thrown;
  const reason = thrown instanceof Error ? thrown.message.split("\n")[0] || thrown.name : String(thrown);
  return new FlowsteadError("SearchFailed", `The search database failed: ${reason}`, { cause: thrown });
}
