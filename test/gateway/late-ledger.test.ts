import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import { lateLedger } from "../../src/gateway/late-ledger.ts";
import { type UsageRow, openLedger } from "../../src/gateway/ledger.ts";
import { openRecordStore } from "../../src/store/provider/index.ts";

const ROW: UsageRow = {
  at: Date.UTC(2026, 10, 23),
  principal: "me",
  flow: "",
  model: "m",
  prompt_tokens: 2,
  completion_tokens: 3,
  estimated: 0,
  cost_micros: 5,
};

test("a ledger that is opened late has every row, once, also when its store cannot be opened at first", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "flowstead-ledger-"));
  const store = await openRecordStore({ file: path.join(folder, "a.db") });
  try {
    let tries = 0;
    const open = lateLedger(async () => {
      if (++tries === 1) throw new Error("the disk is away");
      return openLedger(store, SILENT);
    }, SILENT);
    assert.equal(tries, 0);
    open.add(ROW);
    await open.flush();
    assert.equal(tries, 1);
    open.add({ ...ROW, model: "n" });
    await open.flush();
    open.add(ROW);
    const sums = await open.sums(["model"]);
    assert.deepEqual(
      sums.map(({ model, requests, prompt_tokens: tokens }) => [model, requests, tokens]),
      [
        ["m", 2, 4],
        ["n", 1, 2],
      ],
    );
    assert.equal(tries, 2);
    await open.close();
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test("a ledger of which nothing was asked is never opened", async () => {
  const ledger = lateLedger(() => assert.fail("opened"), SILENT);
  await ledger.flush();
  await ledger.close();
});
