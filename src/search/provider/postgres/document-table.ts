import { FlowsteadError } from "../../../base/error/error.ts";
import type { DocumentStore, VectorStore } from "../../document/document-store.ts";
import { packVectors, unpackVectors } from "../../document/packed-vector.ts";
import type { StoredDocument } from "../../document/value.ts";
import { type Database, inTransaction, rowsOf } from "./database.ts";
import type { NearestGraph } from "./nearest-graph.ts";
import { writeVectors } from "./vector-table.ts";

interface DocumentRow {
  key: string;
  fields: string | null;
  vectors: string;
}

/** Vectors of their own table, where pgvector is there. */
interface OwnVectors {
  store: VectorStore;
  graph: NearestGraph;
}

export function documentTable(database: Database, name: string, own?: OwnVectors): DocumentStore {
  const { pool, indexes, documents } = database;
  return {
    async write(given, removed) {
      const written = await inTransaction(pool, async (client) => {
        // The row of the index is locked until the commit, so versions become visible in their order.
        const taken = await client.query<{ version: number }>(
          `UPDATE ${indexes} SET version = version + 1 WHERE name = $1 RETURNING version`,
          [name],
        );
        const version = versionOf(taken.rows, name);
        const keys = [...given.map(({ key }) => key), ...removed];
        const fields = [...given.map((one) => escapeNul(JSON.stringify(one.fields))), ...removed.map(() => null)];
        const packed = keys.map((_, at) => (own || at >= given.length ? "" : packVectors(given[at]!.vectors)));
        await client.query(
          `INSERT INTO ${documents} (index_name, key, fields, vectors, version)
           SELECT $1, key, fields, vectors, $5 FROM unnest($2::text[], $3::text[], $4::text[]) AS row(key, fields, vectors)
           ON CONFLICT (index_name, key) DO UPDATE SET fields = excluded.fields, vectors = excluded.vectors, version = excluded.version`,
          [name, keys, fields, packed, version],
        );
        if (own) await writeVectors(client, database, name, { given, keys });
        return version;
      });
      own?.graph.soon();
      return written;
    },
    changes: (since) =>
      inTransaction(
        pool,
        async (client) => {
          const now = await client.query<{ version: number }>(`SELECT version FROM ${indexes} WHERE name = $1`, [name]);
          const version = versionOf(now.rows, name);
          if (version === since) return { version, documents: [], removed: [] };
          const found = await client.query<DocumentRow>(
            `SELECT key, fields, vectors FROM ${documents} WHERE index_name = $1 AND version > $2`,
            [name, since ?? -1],
          );
          if (since === undefined) own?.graph.soon();
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
      const [found] = await rowsOf<{ bytes: number }>(pool, text, [name]);
      return (found?.bytes ?? 0) + ((await own?.store.bytes()) ?? 0);
    },
    ...(own ? { vectors: own.store } : {}),
    close: async () => own?.graph.close(),
  };
}

function versionOf(rows: readonly { version: number }[], name: string): number {
  const version = rows[0]?.version;
  if (version !== undefined) return version;
  throw new FlowsteadError("IndexNotFound", `There is no search index named ${name}.`);
}

function fromRow({ key, fields, vectors }: DocumentRow): StoredDocument {
  return { key, fields: JSON.parse(fields ?? "{}") as StoredDocument["fields"], vectors: unpackVectors(vectors) };
}

/** JSON writes the character 0 as an escape already; a raw one would be refused by the database. */
function escapeNul(json: string): string {
  return json.replaceAll("\u0000", String.raw`\u0000`);
}
