// Passages that overlap are shown together without saying anything twice, and the places they name stay exact.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import { openCollection } from "../../src/search/ingest/collection.ts";
import { openSearch } from "../../src/search/provider/index.ts";
import { rerankedIndex } from "../../src/search/reranked-index.ts";
import type { Hit, SearchIndex } from "../../src/search/search-index.ts";
import { surroundings } from "../../src/search/surroundings.ts";

const SENTENCES = Array.from({ length: 120 }, (_, at) => `Step ${at} of the walrus voyage took ${at * 7} minutes.`);
const TEXT = SENTENCES.join(" ");

describe("passages of one long paragraph", () => {
  let home: string;
  let index: SearchIndex;
  before(async () => {
    home = await mkdtemp(path.join(tmpdir(), "flowstead-repeat-"));
    const search = openSearch({ folder: path.join(home, "search"), log: SILENT });
    index = await search.create("docs");
    await writeFile(path.join(home, "voyage.txt"), TEXT);
    await openCollection({ index, folder: search.folderOf("docs"), log: SILENT }).addFolder(
      path.join(home, "voyage.txt"),
    );
  });
  after(async () => {
    await index.close();
    await rm(home, { recursive: true, force: true });
  });

  const check = (hits: readonly Hit[]): void => {
    for (const sentence of SENTENCES) {
      assert.equal(hits.filter(({ passage }) => passage.text.includes(sentence)).length, 1, sentence);
    }
    for (const { passage, highlights, caption } of hits) {
      assert.equal(passage.text, TEXT.slice(passage.start, passage.end));
      assert.ok(highlights.length > 0);
      for (const { start, end } of highlights) {
        assert.match(passage.text.slice(start, end), /^(?:step|walrus|voyage|\d+|of|the|\W)+$/i);
      }
      if (!caption) continue;
      assert.equal(caption.text, TEXT.slice(caption.start, caption.end));
      assert.ok(caption.start >= passage.start && caption.end <= passage.end);
    }
  };

  it("overlap in the index, and are found without saying anything twice", async () => {
    const [{ passage: some }] = (await index.query({ text: "walrus", mode: "text", top: 1 })).hits as [Hit];
    const kept = await index.documentPassages(some.documentId);
    assert.ok(kept.length >= 5);
    for (const [at, { start, end, text }] of kept.entries()) {
      assert.equal(text, TEXT.slice(start, end));
      if (at > 0) assert.ok(start < kept[at - 1]!.end);
    }
    check((await index.query({ text: "voyage step 57", mode: "text", top: 50 })).hits);
    const pages: Hit[] = [];
    for (let skip = 0; skip < kept.length; skip += 2) {
      pages.push(...(await index.query({ text: "voyage step 57", mode: "text", top: 2, skip })).hits);
    }
    check(pages);
  });

  it("are judged whole by a model, and shown once in its order", async () => {
    const judged: string[] = [];
    const reranker = {
      id: "later-is-better",
      score: async (_: string, texts: readonly string[]) => {
        judged.push(...texts);
        return texts.map((text) => Number(/Step (\d+)/.exec(text)?.[1]));
      },
      close: async () => undefined,
    };
    const reranked = rerankedIndex(index, { reranker, candidates: 50, timeoutMs: 60_000 });
    const { hits } = await reranked.query({ text: "walrus voyage", mode: "text", top: 50 });
    assert.deepEqual(
      hits.map(({ passage }) => passage.start),
      hits.map(({ passage }) => passage.start).sort((a, b) => b - a),
    );
    check(hits);
    assert.ok(judged.length === hits.length && judged.join("").length > TEXT.length * 1.1);
  });

  it("are given around one another without what it says itself", async () => {
    const [{ passage }] = (await index.query({ text: "voyage step 57", mode: "text", top: 1 })).hits as [Hit];
    const { before: earlier, after: later } = await surroundings(index, passage.id, { count: 9 });
    assert.ok(earlier.length > 0 && later.length > 0);
    assert.equal([...earlier, passage.text, ...later].join(" "), TEXT);
  });
});
