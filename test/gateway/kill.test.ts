// What the ledger keeps of a gateway that is killed amid its calls.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SILENT } from "../../src/base/log.ts";
import { openLedger } from "../../src/gateway/ledger.ts";
import { openRecordStore } from "../../src/store/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { sourceFile } from "../program.ts";
import { KEYS } from "./served.ts";

const CALLERS = 8;

test("kill -9 under load: the ledger is whole, counts nothing twice, and lacks the last moment only", async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), "killed-"));
  const fake = await fakeModel(context, { reply: "a b c" });
  const program = sourceFile("test/gateway/killed-gateway.ts");
  const child = spawn(process.execPath, [...program, fake.url, folder], { stdio: ["ignore", "pipe", "inherit"] });
  const store = await openRecordStore({ file: path.join(folder, "records.db") });
  let isKilled = false;
  context.after(async () => {
    isKilled = true;
    child.kill("SIGKILL");
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  const [url] = (await once(child.stdout, "data")) as [Buffer];
  const ledger = await openLedger(store, SILENT);
  const kept = async (): Promise<number> => (await ledger.sums([]))[0]?.requests ?? 0;

  /** When each answer was whole. */
  const answered: number[] = [];
  async function caller(): Promise<void> {
    while (!isKilled) {
      try {
        const answer = await fetch(`${url.toString()}/v1/chat/completions`, {
          method: "POST",
          headers: { authorization: `Bearer ${KEYS.a}` },
          body: JSON.stringify({ model: "default", messages: [{ role: "user", content: "Hi there" }] }),
        });
        await answer.text();
        if (answer.status === 200) answered.push(performance.now());
      } catch {
        // Cut off by the kill, which ends the loop.
        if (!isKilled) await delay(5);
      }
    }
  }
  const callers = Array.from({ length: CALLERS }, caller);
  // Rows get there while calls go on, in more than one group.
  let groups = 0;
  let before = 0;
  for (const deadline = Date.now() + 60_000; groups < 4 && Date.now() < deadline; await delay(10)) {
    const now = await kept();
    if (now > before) groups++;
    before = now;
  }
  assert.equal(groups, 4, "rows are written by themselves");
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  isKilled = true;
  await Promise.all(callers);

  const rows = await kept();
  assert.deepEqual(await store.check(), []);
  const [sum] = await ledger.sums(["principal", "model"]);
  const counted = fake.journal.entries.filter(({ status }) => status === 200);
  assert.ok(rows <= counted.length && rows >= before, `${rows} rows of ${counted.length} calls`);
  assert.deepEqual([sum?.prompt_tokens, sum?.completion_tokens, sum?.estimated], [rows * 2, rows * 3, 0]);
  // All but the newest: what was answered long before the end is there, also on a machine that has much else to do.
  const end = answered.at(-1) ?? 0;
  const lost = answered.length - rows;
  const early = answered.filter((at) => end - at > 5_000).length;
  assert.ok(rows >= early, `${lost} of ${answered.length} answered calls are not in the ledger`);
  context.diagnostic(`${Math.max(0, lost)} of ${answered.length} answered calls are not in the ledger`);
});
