// Child process of sqlite.test.ts: writes batches of three until it is killed, and prints the number of each one saved.

import { writeSync } from "node:fs";
import { sql } from "kysely";
import { sqliteStore } from "../../src/store/provider/sqlite/sqlite-store.ts";

const store = await sqliteStore({ file: process.argv[2] ?? "" });
await store.migrate("writer", [
  {
    id: "0001",
    up: async (db) => void (await sql`create table entry (batch integer, item integer, body text)`.execute(db)),
  },
]);
const { rows } = await sql<{ last: number | null }>`select max(batch) as last from entry`.execute(store.tables());
for (let batch = (rows[0]?.last ?? 0) + 1; ; batch++) {
  await store.write(async (transaction) => {
    for (let item = 0; item < 3; item++) {
      await sql`insert into entry values (${batch}, ${item}, ${"z".repeat(500)})`.execute(transaction);
    }
  });
  writeSync(1, `${batch}\n`);
}
