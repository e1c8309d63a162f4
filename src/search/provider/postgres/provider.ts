// Documents in PostgreSQL: one table for the indexes, one for all documents, and where pgvector is there one for all vectors,
// which the database then looks up itself. Ranking by words is not the database's: what it keeps is searched by the layer
// above, so results are the same as everywhere.

import { FlowsteadError } from "../../../base/error/error.ts";
import type { DocumentProvider, StoredIndex } from "../../document/document-store.ts";
import { inTransaction, openDatabase, rowsOf } from "./database.ts";
import { documentTable } from "./document-table.ts";
import { dropGraphs, nearestGraph } from "./nearest-graph.ts";
import { moveVectors, vectorTable } from "./vector-table.ts";

export interface PostgresOptions {
  /** `postgres://user@host:port/database`, or a folder of a socket. Holds a password: never logged. */
  url: string;
  /** Tables lie in a schema of this name. */
  schema?: string;
  /** Vectors of an index that are compared one by one; above, pgvector makes an index of them. */
  comparedUpTo?: number;
}

const COMPARED = 10_000;

export async function postgresDocuments(options: PostgresOptions): Promise<DocumentProvider> {
  const { url, schema = "flowstead", comparedUpTo = COMPARED } = options;
  const database = await openDatabase(url, schema);
  const { pool, indexes, extras, vectors } = database;
  const rows = <R extends object>(text: string, values?: unknown[]): Promise<R[]> => rowsOf<R>(pool, text, values);
  const read = async (name: string): Promise<StoredIndex | undefined> => {
    const [found] = await rows<StoredIndex>(`SELECT definition, etag FROM ${indexes} WHERE name = $1`, [name]);
    return found;
  };
  return {
    list: () => rows<StoredIndex>(`SELECT definition, etag FROM ${indexes} ORDER BY name`),
    read,
    async put(name, { definition, etag }) {
      await rows(
        `INSERT INTO ${indexes} (name, definition, etag) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, etag = excluded.etag`,
        [name, JSON.stringify(definition), etag],
      );
    },
    async remove(name) {
      const gone = await rows(`DELETE FROM ${indexes} WHERE name = $1 RETURNING name`, [name]);
      if (vectors) await dropGraphs(pool, vectors, name);
      return gone.length > 0;
    },
    async open(name) {
      const found = await read(name);
      if (!found) throw new FlowsteadError("IndexNotFound", `There is no search index named ${name}.`);
      if (!vectors) return documentTable(database, name);
      await moveVectors(database, name);
      const graph = nearestGraph({ pool, vectors, name, definition: found.definition, comparedUpTo });
      return documentTable(database, name, { store: vectorTable(database, name, graph), graph });
    },
    async readExtras(kind) {
      const found = await rows<{ name: string } & StoredIndex>(
        `SELECT name, definition, etag FROM ${extras} WHERE kind = $1`,
        [kind],
      );
      return Object.fromEntries(found.map(({ name, definition, etag }) => [name, { definition, etag }]));
    },
    async writeExtras(kind, given) {
      await inTransaction(pool, async (client) => {
        await client.query(`DELETE FROM ${extras} WHERE kind = $1`, [kind]);
        for (const [name, { definition, etag }] of Object.entries(given)) {
          const values = [kind, name, JSON.stringify(definition), etag];
          await client.query(`INSERT INTO ${extras} (kind, name, definition, etag) VALUES ($1, $2, $3, $4)`, values);
        }
      });
    },
    close: () => pool.end(),
  };
}
