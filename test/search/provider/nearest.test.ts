// Vectors of an index that is too large to be compared one by one: what the approximate index finds, and what it must not lose.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it, mock } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Table } from "@lancedb/lancedb";
import { SILENT } from "../../../src/base/log.ts";
import type { Embedder } from "../../../src/model/embedder.ts";
import { loadEngine } from "../../../src/search/provider/embedded/engine.ts";
import { createEmbeddedIndex, openEmbeddedIndex } from "../../../src/search/provider/index.ts";
import type { Passage, SearchIndex, SearchQuery } from "../../../src/search/search-index.ts";
import { clusteredVectors, seeded } from "../../../bench/clustered.ts";
import { passage } from "../../index-suite.ts";

const SIZE = 3000;
const DIMENSIONS = 64;

describe("vectors of a large index", () => {
  const vectorOf = clusteredVectors({ dimensions: DIMENSIONS, clusters: 40, random: seeded(11) });
  const passages = Array.from({ length: SIZE }, (_, at): Passage => ({
    ...passage(`d${at}`, 0, `passage number${at}`),
    vector: vectorOf(),
    ...(at % 50 === 0 ? { groups: ["few"] } : {}),
  }));
  const asked = Array.from({ length: 20 }, vectorOf);
  const embedder: Embedder = {
    fingerprint: "clustered/64",
    dimensions: DIMENSIONS,
    embed: async (texts) => texts.map(vectorOf),
    close: async () => undefined,
  };
  let options: Parameters<typeof openEmbeddedIndex>[0];
  let index: SearchIndex;
  before(async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "flowstead-nearest-"));
    options = { folder, name: "test", embedder, log: SILENT, inMemory: 1000 };
    index = await createEmbeddedIndex(options);
    await index.upsert(passages);
    assert.equal((await index.statistics()).vectors, "exact");
    await approximate(index);
  });
  after(async () => {
    await index.close();
    await rm(options.folder, { recursive: true, force: true });
  });

  const near = async (vector: Float32Array, rest: Partial<SearchQuery> = {}): Promise<string[]> => {
    const { hits } = await index.query({ text: "", vector, mode: "vector", top: 10, readers: "all", ...rest });
    return hits.map(({ passage: { documentId } }) => documentId);
  };
  const exact = (vector: Float32Array, of: readonly Passage[]): string[] =>
    of
      .map((one) => ({ id: one.documentId, score: product(vector, one.vector!) / norm(one.vector!) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, 10)
      .map(({ id }) => id);
  const recall = async (of: readonly Passage[], rest: Partial<SearchQuery> = {}): Promise<number> => {
    let found = 0;
    for (const vector of asked) {
      const ids = new Set(await near(vector, rest));
      found += exact(vector, of).filter((id) => ids.has(id)).length;
    }
    return found / (10 * asked.length);
  };

  it("when writing rests, every row is in the indexes of words and vectors, lest each question searches it by itself", async () => {
    const connection = await loadEngine().lance.connect(path.join(options.folder, "data"));
    const table = await connection.openTable("passages");
    const left = (await table.listIndices()).map(({ name, numUnindexedRows }) => [name, numUnindexedRows] as const);
    assert.deepEqual(Object.fromEntries(left), { body_terms_idx: 0, field_terms_idx: 0, vector_idx: 0 });
    connection.close();
  });

  it("a row is written while the index of vectors is being made, not after it", async () => {
    const { lance } = loadEngine();
    const connection = await lance.connect(path.join(options.folder, "beside"));
    const row = (id: number): { id: number; vector: number[] } => ({ id, vector: [...vectorOf()] });
    const table = await connection.createTable(
      "rows",
      Array.from({ length: 2 * SIZE }, (_, id) => row(id)),
    );
    let isMade = false;
    const made = table
      .createIndex("vector", { config: lance.Index.hnswSq({ distanceType: "cosine", numPartitions: 1 }) })
      .then(() => (isMade = true));
    // The first ones may be quicker than the making comes to its long part.
    for (const id of [1, 2, 3]) {
      await table
        .mergeInsert("id")
        .whenMatchedUpdateAll()
        .whenNotMatchedInsertAll()
        .execute([row(id)]);
    }
    assert.equal(isMade, false);
    await made;
    connection.close();
  });

  it("at least 95 of 100 of the ten nearest are found", async () => {
    assert.ok((await recall(passages)) >= 0.95);
  });

  it("a filter takes nothing from what passes it", async () => {
    const few = passages.filter(({ groups }) => !groups);
    assert.ok((await recall(few, { readers: [] })) >= 0.95);
    for (const vector of asked.slice(0, 5)) {
      assert.deepEqual(await near(vector, { documentIds: ["d77"] }), ["d77"]);
      const some = Array.from({ length: 20 }, (_, at) => passages[at * 125]!);
      const ids = some.map(({ documentId }) => documentId);
      assert.deepEqual(await near(vector, { documentIds: ids }), exact(vector, some));
    }
  });

  it("opens with its approximate index, without making it anew", async () => {
    await index.close();
    index = await openEmbeddedIndex(options);
    assert.equal((await index.statistics()).vectors, "approximate");
    assert.ok((await recall(passages)) >= 0.95);
  });

  it("what is deleted or changed is followed at once", async () => {
    const [vector = new Float32Array()] = asked;
    const gone = (await near(vector)).slice(0, 5);
    await index.deleteDocuments(gone);
    const moved = passages.find(({ documentId }) => !gone.includes(documentId))!;
    await index.upsert([
      { ...moved, vector },
      { ...passage("fresh", 0, "fresh"), vector },
    ]);
    const found = await near(vector);
    assert.equal(found.length, 10);
    assert.deepEqual(new Set(found.slice(0, 2)), new Set([moved.documentId, "fresh"]));
    assert.ok(!found.some((id) => gone.includes(id)));
  });

  it(
    "files are joined beside the writes, which do not wait for it and are found meanwhile",
    { timeout: 120_000 },
    async () => {
      const joined = await joining();
      try {
        const [vector = new Float32Array()] = asked;
        for (const at of Array.from({ length: 30 }, (_, number) => number)) {
          await index.upsert([{ ...passage(`beside${at}`, 0, "beside"), vector }]);
        }
        await joined.begun;
        await index.upsert([{ ...passage("meanwhile", 0, "meanwhile"), vector }]);
        assert.ok((await near(vector, { top: 40 })).includes("meanwhile"));
        assert.equal((await index.statistics()).vectors, "approximate");
        assert.equal(joined.count, 1);
      } finally {
        await joined.release();
      }
    },
  );

  it("a joining that writes make vain three times is done while they wait, without the graph", async () => {
    const joined = await joining("Retryable commit conflict: preempted by concurrent transaction");
    try {
      for (let written = 0; joined.count < 3; written++) {
        assert.ok(written < 200, "files were not joined");
        await index.upsert([passage(`vain${written % 30}`, 0, "vain")]);
      }
      assert.equal((await index.statistics()).vectors, "approximate");
      for (let written = 0; (await index.statistics()).vectors === "approximate"; written++) {
        assert.ok(written < 60, "the graph was kept");
        await index.upsert([passage(`last${written}`, 0, "last")]);
      }
    } finally {
      await joined.release();
    }
    assert.equal((await index.statistics()).documents, new Set(await everyDocument()).size);
  });

  it("documents are counted once for each version, whoever asks, also after opening, and told by groups", async () => {
    const connection = await loadEngine().lance.connect(path.join(options.folder, "data"));
    const table = await connection.openTable("passages");
    const documents = new Set(await everyDocument());
    const reads = mock.method(Object.getPrototypeOf(table) as Table, "query");
    try {
      await index.upsert([passage("d1", 1, "one more of a document"), passage("überall", 0, "one more")]);
      documents.add("überall").add("d1");
      const counted = await Promise.all([index.statistics(), index.statistics(), index.statistics()]);
      assert.deepEqual(
        counted.map((one) => one.documents),
        [documents.size, documents.size, documents.size],
      );
      assert.equal((await index.statistics(undefined, [])).documents < documents.size, true);
      assert.equal((await index.statistics(undefined, ["few"])).documents, documents.size);
      assert.equal((await index.statistics()).documents, documents.size);
      assert.equal(reads.mock.callCount(), 3);
      const later = await openEmbeddedIndex(options);
      assert.equal((await later.statistics()).documents, documents.size);
      await later.close();
      assert.equal(reads.mock.callCount(), 3);
    } finally {
      reads.mock.restore();
      connection.close();
    }
  });

  /** As the rows of the table have it. */
  const everyDocument = async (): Promise<string[]> => {
    const connection = await loadEngine().lance.connect(path.join(options.folder, "data"));
    const table = await connection.openTable("passages");
    const rows = (await table.query().select(["document_id"]).toArray()) as { document_id: string }[];
    connection.close();
    return rows.map(({ document_id: id }) => id);
  };

  /** Holds the joining of files, or has it fail, until it is released. */
  const joining = async (failure?: string): Promise<Joined> => {
    const connection = await loadEngine().lance.connect(path.join(options.folder, "data"));
    const tables = Object.getPrototypeOf(await connection.openTable("passages")) as Table;
    connection.close();
    const [begun, begin] = signal();
    const [released, release] = signal();
    const { optimize } = tables;
    const method = mock.method(tables, "optimize", async function joined(this: Table, rest?: object) {
      joinings.count += 1;
      begin();
      if (failure && joinings.count <= 3) throw new Error(failure);
      if (!failure) await released;
      return optimize.call(this, rest);
    });
    const joinings: Joined = {
      begun,
      count: 0,
      async release() {
        release();
        method.mock.restore();
      },
    };
    return joinings;
  };
});

interface Joined {
  begun: Promise<void>;
  /** How often files were joined. */
  count: number;
  release(): Promise<void>;
}

function signal(): [Promise<void>, () => void] {
  let give!: () => void;
  return [new Promise<void>((resolve) => (give = resolve)), () => give()];
}

async function approximate(index: SearchIndex): Promise<void> {
  for (let waited = 0; (await index.statistics()).vectors !== "approximate"; waited += 100) {
    assert.ok(waited < 120_000, "the index of vectors was not made");
    await sleep(100);
  }
}

function product(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * b[at]!, 0);
}

function norm(vector: Float32Array): number {
  return Math.sqrt(product(vector, vector));
}
