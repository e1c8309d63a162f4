// Three processes read one index, another one writes it: what they see, how fresh it is, and what the loss of one costs.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import { createEmbeddedIndex } from "../../src/search/provider/index.ts";
import type { SearchIndex } from "../../src/search/search-index.ts";
import { passage } from "../index-suite.ts";
import { sourceFile } from "../program.ts";

interface Reader {
  process: ChildProcess;
  /** Ids of what it finds. @throws Error when the process is gone. */
  ask(text: string): Promise<string[]>;
}

describe("replicas", () => {
  let folder: string;
  let writer: SearchIndex;
  let readers: Reader[];
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "flowstead-replica-"));
    writer = await createEmbeddedIndex({ folder, name: "shared", log: SILENT });
    await writer.upsert(Array.from({ length: 50 }, (_, at) => passage(`base${at}`, 0, `walrus number${at}`)));
    readers = await Promise.all([0, 1, 2].map(() => startReader(folder)));
  });
  after(async () => {
    for (const { process } of readers) if (process.exitCode === null) process.kill("SIGKILL");
    await writer.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("a write that has resolved is seen by the next query of every reader", async () => {
    for (let round = 0; round < 5; round++) {
      await writer.replaceDocuments(["news"], [passage("news", 0, `edition otter${round}`)]);
      for (const { ask } of readers) {
        assert.deepEqual(await ask(`otter${round}`), ["news-0"]);
        if (round > 0) assert.deepEqual((await ask(`edition`)).length, 1, "no mix of old and new");
      }
    }
  });

  it("a reader that is killed under load costs no query", async () => {
    const living = [...readers];
    let turn = 0;
    let answered = 0;
    let failovers = 0;
    const query = async (text: string): Promise<string[]> => {
      for (;;) {
        const reader = living[turn++ % living.length]!;
        try {
          return await reader.ask(text);
        } catch {
          failovers++;
          const at = living.indexOf(reader);
          if (at >= 0) living.splice(at, 1);
        }
      }
    };
    const load = Array.from({ length: 12 }, async (_, client) => {
      for (let round = 0; round < 20; round++) {
        const at = (client * 20 + round) % 50;
        assert.equal((await query(`number${at}`))[0], `base${at}-0`);
        if (++answered === 60) readers[1]!.process.kill("SIGKILL");
        if (answered % 40 === 0) await writer.upsert([passage(`more${answered}`, 0, `seal ${answered}`)]);
      }
    });
    await Promise.all(load);
    assert.equal(answered, 240);
    assert.ok(failovers > 0, "the reader that was killed had queries in work");
    assert.equal(living.length, 2);
  });
});

async function startReader(folder: string): Promise<Reader> {
  const script = sourceFile("test/search/replica-reader.ts");
  const child = spawn(process.execPath, [...script, folder], { stdio: ["pipe", "pipe", "inherit"] });
  const waiting = new Map<number, { resolve: (ids: string[]) => void; reject: (why: Error) => void }>();
  let asked = 0;
  child.once("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error("the reader is gone"));
    waiting.clear();
  });
  // What is written to a process that is gone is told by its exit.
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout });
  await once(lines, "line");
  lines.on("line", (line) => {
    const { number, ids } = JSON.parse(line) as { number: number; ids: string[] };
    waiting.get(number)?.resolve(ids);
    waiting.delete(number);
  });
  return {
    process: child,
    ask: (text) =>
      new Promise((resolve, reject) => {
        if (child.exitCode !== null || child.signalCode !== null) return reject(new Error("the reader is gone"));
        const number = asked++;
        waiting.set(number, { resolve, reject });
        child.stdin.write(`${JSON.stringify({ number, text })}\n`);
      }),
  };
}
