// What every record store must do. `make` opens the same place again each time it is called with the same folder.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "node:test";
import { type Kysely, sql } from "kysely";
import type { Migration } from "../src/store/migration.ts";
import type { RecordStore } from "../src/store/record-store.ts";

interface Schema {
  shelf: { id: string; room: string | null };
  book: { id: string; shelf_id: string; position: number; price: number; body: string };
}

const FIRST: Migration = {
  id: "0001-shelf",
  async up(schema) {
    await schema.schema
      .createTable("shelf")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("room", "text")
      .execute();
  },
};
const SECOND: Migration = {
  id: "0002-book",
  async up(schema) {
    await schema.schema
      .createTable("book")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("shelf_id", "text", (column) => column.notNull().references("shelf.id").onDelete("cascade"))
      .addColumn("position", sql`bigint`, (column) => column.notNull())
      .addColumn("price", "real", (column) => column.notNull())
      .addColumn("body", "text", (column) => column.notNull())
      .execute();
  },
};
const BROKEN: Migration = {
  id: "0003-broken",
  async up(schema) {
    await schema.schema.createTable("half").addColumn("id", "text").execute();
    await sql`select * from no_such_table`.execute(schema);
  },
};

export function storeSuite(name: string, make: (folder: string) => Promise<RecordStore>): void {
  async function withStore(work: (store: RecordStore, folder: string) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(path.join(tmpdir(), "flowstead-store-"));
    const store = await make(folder);
    try {
      await store.migrate("library", [FIRST, SECOND]);
      await work(store, folder);
    } finally {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    }
  }
  const addShelf = (db: Kysely<Schema>, id: string): Promise<unknown> =>
    db.insertInto("shelf").values({ id, room: null }).execute();

  describe(`record store: ${name}`, () => {
    it("keeps text, whole numbers, fractions and null as they were, after it is opened again", async () => {
      await withStore(async (store, folder) => {
        const body = `a "quoted" line\nwith \u0001, é, 漢字, 👩‍👩‍👧 and ${"x".repeat(300_000)}`;
        await store.write<Schema, void>(async (db) => {
          await addShelf(db, "s");
          await db
            .insertInto("book")
            .values({ id: "b", shelf_id: "s", position: Number.MAX_SAFE_INTEGER, price: 0.1, body })
            .execute();
        });
        await store.close();
        const again = await make(folder);
        try {
          const book = await again.tables<Schema>().selectFrom("book").selectAll().executeTakeFirstOrThrow();
          assert.deepEqual(
            { ...book },
            {
              id: "b",
              shelf_id: "s",
              position: Number.MAX_SAFE_INTEGER,
              price: 0.1,
              body,
            },
          );
          const shelf = await again.tables<Schema>().selectFrom("shelf").selectAll().executeTakeFirstOrThrow();
          assert.equal(shelf.room, null);
        } finally {
          await again.close();
        }
      });
    });

    it("writes all of a transaction or nothing", async () => {
      await withStore(async (store) => {
        await assert.rejects(
          store.write<Schema, void>(async (db) => {
            await addShelf(db, "one");
            await addShelf(db, "two");
            throw new Error("changed my mind");
          }),
          /changed my mind/,
        );
        assert.deepEqual(await store.tables<Schema>().selectFrom("shelf").selectAll().execute(), []);
        await store.write<Schema, unknown>((db) => addShelf(db, "one"));
        assert.equal((await store.tables<Schema>().selectFrom("shelf").selectAll().execute()).length, 1);
      });
    });

    it("shows what is committed before the disk has it, and tells when it does", async () => {
      await withStore(async (store) => {
        const shelves = (): Promise<unknown[]> => store.tables<Schema>().selectFrom("shelf").selectAll().execute();
        const { result, durable } = await store.commit<Schema, string>(async (db) => {
          await addShelf(db, "one");
          return "done";
        });
        assert.equal(result, "done");
        assert.equal((await shelves()).length, 1);
        await durable;
        await assert.rejects(
          store.commit(() => Promise.reject(new Error("changed my mind"))),
          /changed my mind/,
        );
      });
    });

    it("runs transactions one after another, so that a counter loses nothing", async () => {
      await withStore(async (store) => {
        await store.write<Schema, unknown>((db) => addShelf(db, "0"));
        const bump = (): Promise<void> =>
          store.write<Schema, void>(async (db) => {
            const { id } = await db.selectFrom("shelf").select("id").executeTakeFirstOrThrow();
            await new Promise((resolve) => setImmediate(resolve));
            await db
              .updateTable("shelf")
              .set({ id: String(Number(id) + 1) })
              .execute();
          });
        await Promise.all(Array.from({ length: 40 }, bump));
        const { id } = await store.tables<Schema>().selectFrom("shelf").select("id").executeTakeFirstOrThrow();
        assert.equal(id, "40");
      });
    });

    it("holds references: no orphan goes in, and children go with their parent", async () => {
      await withStore(async (store) => {
        const book = { id: "b", shelf_id: "s", position: 1, price: 1, body: "" };
        await assert.rejects(store.write<Schema, unknown>((db) => db.insertInto("book").values(book).execute()));
        await store.write<Schema, void>(async (db) => {
          await addShelf(db, "s");
          await db.insertInto("book").values(book).execute();
          await db.deleteFrom("shelf").where("id", "=", "s").execute();
        });
        assert.deepEqual(await store.tables<Schema>().selectFrom("book").selectAll().execute(), []);
      });
    });

    it("applies each migration once, and a new one later", async () => {
      await withStore(async (store) => {
        await store.write<Schema, unknown>((db) => addShelf(db, "kept"));
        await store.migrate("library", [FIRST, SECOND]);
        const third: Migration = {
          id: "0003-floor",
          up: async (db) => void (await sql`create table floor (id text)`.execute(db)),
        };
        await store.migrate("library", [FIRST, SECOND, third]);
        await store.migrate("other part", [
          { ...third, up: async (db) => void (await sql`create table roof (id text)`.execute(db)) },
        ]);
        await sql`select id from floor, roof using (id)`.execute(store.tables());
        assert.equal((await store.tables<Schema>().selectFrom("shelf").selectAll().execute()).length, 1);
      });
    });

    it("undoes a migration that fails half-way, and can try it again", async () => {
      await withStore(async (store) => {
        await assert.rejects(store.migrate("library", [FIRST, SECOND, BROKEN]));
        const mended: Migration = {
          id: BROKEN.id,
          up: async (db) => void (await db.schema.createTable("half").addColumn("id", "text").execute()),
        };
        await store.migrate("library", [FIRST, SECOND, mended]);
        await sql`select id from half`.execute(store.tables());
      });
    });

    it("refuses a database that a newer version has changed", async () => {
      await withStore(async (store) => {
        await assert.rejects(store.migrate("library", [FIRST]), { code: "StoreTooNew", message: /0002-book/ });
      });
    });

    it("refuses values that are not text without NUL, numbers or null, and lives on", async () => {
      await withStore(async (store) => {
        for (const value of [Buffer.from("x"), true, undefined, new Date(), {}, Number.NaN, 2n ** 70n, "a\0b"]) {
          await assert.rejects(sql`select ${value} as x`.execute(store.tables()), { code: "Unexpected" });
        }
        assert.deepEqual(await store.check(), []);
      });
    });

    it("finds a sound database sound, and closes twice", async () => {
      await withStore(async (store) => {
        assert.deepEqual(await store.check(), []);
        await store.close();
        await store.close();
      });
    });
  });
}
