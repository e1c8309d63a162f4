import type { Table } from "@lancedb/lancedb";
import { mkdir } from "node:fs/promises";
import { FlowsteadError } from "../../../../base/error/error.ts";
import type { Changes, DocumentStore } from "../../../document/document-store.ts";
import { packVectors, unpackVectors } from "../../../document/packed-vector.ts";
import type { StoredDocument } from "../../../document/value.ts";
import { type Engine, loadEngine } from "../engine.ts";
import { fullDisk } from "../failure.ts";
import { isConflict } from "../joining.ts";
import { bytesIn } from "../size.ts";
import { type Upkeep, upkeep } from "../upkeep.ts";

const TABLE = "documents";
const ATTEMPTS = 8;

interface Row {
  key: string;
  /** Empty for one that was removed, which other processes have yet to learn. */
  fields: string;
  vectors: string;
  /** The version that wrote it. */
  seq: number;
}

/** One LanceDB table; a removed document leaves a row that says so. */
export async function openTableStore(folder: string, name: string): Promise<DocumentStore> {
  const engine = loadEngine();
  await mkdir(folder, { recursive: true });
  const connection = await engine.lance.connect(folder, { readConsistencyInterval: 0 });
  let table: Table;
  try {
    const isThere = (await connection.tableNames()).includes(TABLE);
    table = isThere ? await connection.openTable(TABLE) : await connection.createEmptyTable(TABLE, schemaOf(engine));
  } catch (thrown) {
    const full = fullDisk(name, thrown);
    if (full) throw full;
    throw new FlowsteadError(
      "IndexDamaged",
      `The files of the index ${name} in ${folder} cannot be opened. Remove the index and write its documents again.`,
      { cause: thrown },
    );
  }
  const care: Upkeep = upkeep(table);
  let seen: { engineVersion: number; version: number } | undefined;

  const latest = async (): Promise<number> => {
    const engineVersion = await table.version();
    if (seen?.engineVersion === engineVersion) return seen.version;
    const rows = (await table.query().select(["seq"]).toArray()) as { seq: number }[];
    const version = rows.reduce((most, { seq }) => Math.max(most, seq), 0);
    seen = { engineVersion, version };
    return version;
  };

  return {
    async write(documents, removed) {
      for (let attempt = 1; ; attempt++) {
        const seq = (await latest()) + 1;
        const rows: Row[] = [
          ...documents.map((one) => ({
            key: one.key,
            fields: JSON.stringify(one.fields),
            vectors: packVectors(one.vectors),
            seq,
          })),
          ...removed.map((key) => ({ key, fields: "", vectors: "", seq })),
        ];
        try {
          await table
            .mergeInsert("key")
            .whenMatchedUpdateAll()
            .whenNotMatchedInsertAll()
            .execute(rows as unknown as Record<string, unknown>[]);
        } catch (thrown) {
          if (!isConflict(thrown) || attempt === ATTEMPTS) throw failed(name, thrown);
          await table.checkoutLatest();
          continue;
        }
        seen = { engineVersion: await table.version(), version: seq };
        care.wrote(rows.length);
        if (await care.due()) await care.run().catch(() => undefined);
        return seq;
      }
    },
    async changes(since): Promise<Changes> {
      try {
        const version = await latest();
        if (since !== undefined && version <= since) return { version: since, documents: [], removed: [] };
        const query = table.query();
        const rows = (await (since === undefined ? query : query.where(`seq > ${since}`)).toArray()) as Row[];
        return {
          version: rows.reduce((most, { seq }) => Math.max(most, seq), version),
          documents: rows.filter(({ fields }) => fields !== "").map(fromRow),
          removed: rows.filter(({ fields }) => fields === "").map(({ key }) => key),
        };
      } catch (thrown) {
        throw failed(name, thrown);
      }
    },
    bytes: () => bytesIn(folder),
    close: async () => {
      table.close();
      connection.close();
    },
  };
}

function schemaOf({ arrow: { Field, Int32, Schema, Utf8 } }: Engine) {
  const text = (name: string) => new Field(name, new Utf8(), false);
  return new Schema([text("key"), text("fields"), text("vectors"), new Field("seq", new Int32(), false)]);
}

function fromRow({ key, fields, vectors }: Row): StoredDocument {
  return { key, fields: JSON.parse(fields) as StoredDocument["fields"], vectors: unpackVectors(vectors) };
}

function failed(name: string, thrown: unknown): FlowsteadError {
  const full = fullDisk(name, thrown);
  if (full) return full;
  const reason = thrown instanceof Error ? thrown.message.split("\n")[0] : String(thrown);
  return new FlowsteadError("SearchFailed", `The engine of the index ${name} failed: ${reason}`, { cause: thrown });
}
