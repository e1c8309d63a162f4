import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { sql } from "kysely";
import { sqliteStore } from "../../src/store/provider/sqlite/sqlite-store.ts";
import { sourceFile } from "../program.ts";
import { storeSuite } from "../store-suite.ts";

const file = (folder: string): string => path.join(folder, "state.db");
const hasNodeSqlite = (() => {
  const found = process.getBuiltinModule("node:sqlite") as { StatementSync: { prototype: object } } | undefined;
  return found !== undefined && "columns" in found.StatementSync.prototype;
})();

storeSuite("sqlite over libsql", (folder) => sqliteStore({ file: file(folder), engine: "libsql" }));
if (hasNodeSqlite)
  storeSuite("sqlite over node:sqlite", (folder) => sqliteStore({ file: file(folder), engine: "node" }));

for (const engine of hasNodeSqlite ? (["libsql", "node"] as const) : (["libsql"] as const)) {
  describe(`sqlite errors: ${engine}`, () => {
    let folder = "";
    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), "flowstead-sqlite-"));
    });
    after(() => rm(folder, { recursive: true, force: true }));

    it("names the file that is no database, and does not touch it", async () => {
      const bad = path.join(folder, "notes.db");
      await writeFile(bad, "these are my notes\n".repeat(500));
      await assert.rejects(sqliteStore({ file: bad, engine }), { code: "StoreDamaged", message: /notes\.db/ });
      assert.equal(await readFile(bad, "utf8"), "these are my notes\n".repeat(500));
    });

    it("says that a folder cannot be written", async () => {
      const inside = path.join(folder, "a-file");
      await writeFile(inside, "");
      await assert.rejects(sqliteStore({ file: path.join(inside, "state.db"), engine }), { code: "StoreUnavailable" });
      await assert.rejects(sqliteStore({ file: folder, engine }), { code: "StoreUnavailable" });
    });

    it("says that another program holds the file", async () => {
      const shared = path.join(folder, "shared.db");
      const one = await sqliteStore({ file: shared, engine });
      const two = await sqliteStore({ file: shared, engine, busyTimeoutMs: 50 });
      await one.write(async () => {
        await assert.rejects(
          two.write(async () => {}),
          { code: "StoreLocked", message: /shared\.db/ },
        );
      });
      await two.write(async () => {});
      await one.close();
      await two.close();
    });

    it("says that the disk is full, keeps what was there and goes on when there is room", async () => {
      const store = await sqliteStore({ file: path.join(folder, "full.db"), engine });
      const db = store.tables();
      const add = (text: string): Promise<void> =>
        store.write(async (transaction) => {
          await sql`insert into page (text) values (${text})`.execute(transaction);
          await sql`insert into page (text) values (${text})`.execute(transaction);
        });
      await sql`create table page (text text)`.execute(db);
      await add("kept");
      await sql`pragma max_page_count = 8`.execute(db);
      await assert.rejects(add("x".repeat(200_000)), { code: "StoreFull", message: /full\.db/ });
      await sql`pragma max_page_count = 100000`.execute(db);
      await add("later");
      const { rows } = await sql<{ text: string }>`select text from page`.execute(db);
      assert.deepEqual(
        rows.map((row) => row.text),
        ["kept", "kept", "later", "later"],
      );
      assert.deepEqual(await store.check(), []);
      await store.close();
    });

    it("finds damage in the middle of the file", async () => {
      const torn = path.join(folder, "torn.db");
      const store = await sqliteStore({ file: torn, engine });
      await sql`create table page (id integer primary key, text text)`.execute(store.tables());
      await store.write(async (transaction) => {
        for (let i = 0; i < 50; i++)
          await sql`insert into page (text) values (${"y".repeat(2000)})`.execute(transaction);
      });
      await store.close();
      const handle = await open(torn, "r+");
      await handle.write(Buffer.alloc(12_000, 0xa5), 0, 12_000, 8192);
      await handle.close();
      const again = await sqliteStore({ file: torn, engine });
      assert.notDeepEqual(await again.check(), []);
      await again.close();
    });
  });
}

describe("sqlite after kill -9", () => {
  it("has every acknowledged transaction, whole, and is sound", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "flowstead-kill-"));
    try {
      for (let round = 0; round < 3; round++) {
        const child = spawn(process.execPath, [...sourceFile("test/store/writer.ts"), file(folder)], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        let out = "";
        child.stdout.on("data", (chunk: Buffer) => {
          out += chunk.toString();
          if (out.split("\n").length > 30 + round * 17) child.kill("SIGKILL");
        });
        await once(child, "close");
        const acknowledged = out.split("\n").slice(0, -1).map(Number);
        const store = await sqliteStore({ file: file(folder) });
        const { rows } = await sql<{ batch: number; items: number }>`
          select batch, count(*) as items from entry group by batch order by batch`.execute(store.tables());
        assert.deepEqual(await store.check(), []);
        assert.ok(acknowledged.length >= 30);
        for (const batch of acknowledged)
          assert.ok(
            rows.some((row) => row.batch === batch),
            `batch ${batch} is lost`,
          );
        for (const row of rows) assert.equal(row.items, 3, `batch ${row.batch} is half`);
        await store.close();
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
