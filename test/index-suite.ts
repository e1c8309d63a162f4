// What every `SearchIndex` must do, whoever provides it and however many hops away it is.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { FlowsteadError } from "../src/base/error/error.ts";
import type { Embedder } from "../src/model/embedder.ts";
import type { Passage, SearchIndex, SearchQuery } from "../src/search/search-index.ts";

export interface IndexUnderTest {
  index: SearchIndex;
  /** A second way to the same index, as another process would have it. */
  another(): Promise<SearchIndex>;
  /** Closes the index and opens it again. */
  reopen(): Promise<SearchIndex>;
  dispose(): Promise<void>;
}

export type MakeIndex = (options: { embedder?: Embedder }) => Promise<IndexUnderTest>;

/** Four dimensions: how often a text speaks of animals, food, money and weather; small enough to check by hand. */
export function topicEmbedder(fingerprint = "topics/4"): Embedder {
  const topics = [/cat|dog|pet|kitten/g, /bread|soup|meal|cake/g, /price|euro|pay|cost/g, /rain|snow|sun|storm/g];
  return {
    fingerprint,
    dimensions: topics.length,
    embed: async (texts) =>
      texts.map((text) => {
        const counts = topics.map((topic) => String(text).toLowerCase().match(topic)?.length ?? 0);
        const length = Math.hypot(...counts, 0.1);
        return Float32Array.from(counts, (count) => (count + 0.01) / length);
      }),
    close: async () => undefined,
  };
}

export function passage(documentId: string, ordinal: number, text: string, rest: Partial<Passage> = {}): Passage {
  return {
    id: `${documentId}-${ordinal}`,
    documentId,
    title: `${documentId}.md`,
    text,
    ordinal,
    headings: [],
    start: ordinal * 1000,
    end: ordinal * 1000 + text.length,
    source: `/docs/${documentId}.md`,
    ...rest,
  };
}

const ask = (text: string, rest: Partial<SearchQuery> = {}): SearchQuery => ({ text, mode: "text", top: 10, ...rest });

const HANDBOOK = [
  passage("leave", 0, "Full-time employees accrue 25 days of vacation per year.", { headings: ["Leave", "Vacation"] }),
  passage("leave", 1, "Part-time employees accrue 12 days of vacation per year.", { headings: ["Leave", "Vacation"] }),
  passage("leave", 2, "Parental leave lasts 16 weeks at full pay.", { headings: ["Leave", "Parental leave"] }),
  passage("travel", 0, "Hotel costs are refunded up to 140 euro per night.", { page: 3 }),
  passage("travel", 1, "Receipts must be handed in within 30 days of the trip.", { page: 4 }),
  passage("tent", 0, "The TR-204 tent withstands storm gusts of 110 km/h.", { headings: ["Tents", "TR-204"] }),
  passage("tent", 1, "Error code E-17 means that the charger of the lamp is too hot.", { headings: ["Lamps"] }),
];

async function ids(index: SearchIndex, query: SearchQuery): Promise<string[]> {
  return (await index.query(query)).hits.map(({ passage: { id } }) => id);
}

export function indexSuite(name: string, make: MakeIndex): void {
  describe(`SearchIndex: ${name}`, () => {
    let test: IndexUnderTest;
    before(async () => {
      test = await make({});
      await test.index.upsert(HANDBOOK);
    });
    after(() => test.dispose());

    const fresh = (title: string, body: (made: IndexUnderTest) => Promise<void>, embedder?: Embedder): void => {
      it(title, async () => {
        const made = await make(embedder ? { embedder } : {});
        try {
          await body(made);
        } finally {
          await made.dispose();
        }
      });
    };

    fresh("an empty index answers every question with nothing", async ({ index }) => {
      assert.deepEqual(await index.query(ask("vacation")), { hits: [], degraded: [] });
      assert.equal(await index.get("nothing"), undefined);
      assert.deepEqual(await index.documentPassages("nothing"), []);
      const statistics = await index.statistics();
      assert.equal(statistics.documents, 0);
      assert.equal(statistics.passages, 0);
      await index.deleteDocuments(["nothing"]);
      await index.upsert([]);
      await index.replaceDocuments(["nothing"], []);
    });

    it("gives back a passage exactly as it was written", async () => {
      assert.deepEqual(await test.index.get("leave-1"), HANDBOOK[1]);
      assert.deepEqual(await test.index.get("travel-0"), HANDBOOK[3]);
    });

    it("gives a document's passages in order", async () => {
      const passages = await test.index.documentPassages("leave");
      assert.deepEqual(passages, HANDBOOK.slice(0, 3));
    });

    it("counts documents and passages", async () => {
      const { documents, passages, embedder } = await test.index.statistics();
      assert.deepEqual({ documents, passages, embedder }, { documents: 3, passages: 7, embedder: undefined });
    });

    const questions: [string, string][] = [
      ["How many vacation days do part-timers get?", "leave-1"],
      ["how long can I be away after the birth: parental leave", "leave-2"],
      ["What may a hotel cost?", "travel-0"],
      ["when do I have to hand in a receipt", "travel-1"],
      ["TR-204", "tent-0"],
      ["tr204", "tent-0"],
      ["what does E-17 mean", "tent-1"],
      ["what does e17 mean?", "tent-1"],
      ["vacaton for parttime employees", "leave-1"],
      ["And for part-timers? How many days of vacation do I have?", "leave-1"],
    ];
    for (const [question, expected] of questions) {
      it(`finds ${expected} for "${question}"`, async () => {
        const { hits } = await test.index.query(ask(question));
        assert.equal(hits[0]?.passage.id, expected);
      });
    }

    it("orders by score, best first, and finds nothing for words it does not have", async () => {
      const { hits } = await test.index.query(ask("vacation days of full-time employees"));
      const scores = hits.map(({ score }) => score);
      assert.ok(scores.length >= 2 && scores.every((score) => score > 0));
      assert.deepEqual(
        scores,
        scores.toSorted((a, b) => b - a),
      );
      assert.deepEqual(await ids(test.index, ask("zeppelin quarterback")), []);
      assert.deepEqual(await ids(test.index, ask("")), []);
      assert.deepEqual(await ids(test.index, ask("?!…")), []);
    });

    fresh("a passage with groups exists only for their members", async ({ index, another, reopen }) => {
      const secret: Passage = {
        ...HANDBOOK[0]!,
        id: "s-0",
        documentId: "s",
        text: "The walrus merger.",
        groups: ["board", "it's"],
      };
      const shared: Passage = { ...HANDBOOK[0]!, id: "o-0", documentId: "o", text: "The walrus picnic." };
      const closed: Passage = { ...HANDBOOK[0]!, id: "c-0", documentId: "c", text: "The walrus list.", groups: [] };
      await index.upsert([secret, shared, closed]);
      for (const open of [async () => index, another, reopen]) {
        const one = await open();
        const found = async (readers?: SearchQuery["readers"]) =>
          (await ids(one, ask("walrus", readers === undefined ? {} : { readers }))).sort();
        assert.deepEqual(await found(), ["o-0"]);
        assert.deepEqual(await found(["staff"]), ["o-0"]);
        assert.deepEqual(await found(["staff", "it's"]), ["o-0", "s-0"]);
        assert.deepEqual(await found("all"), ["c-0", "o-0", "s-0"]);
        assert.deepEqual(await one.get("s-0"), secret);
        const counts = async (readers: SearchQuery["readers"]) => {
          const { documents, passages } = await one.statistics(undefined, readers);
          return [documents, passages];
        };
        assert.deepEqual(await counts([]), [1, 1]);
        assert.deepEqual(await counts(["board"]), [2, 2]);
        assert.deepEqual(await counts("all"), [3, 3]);
      }
    });

    it("marks the words that matched, in other forms too", async () => {
      const { hits } = await test.index.query(ask("hotels refund cost"));
      const { passage: found, highlights } = hits[0]!;
      assert.equal(found.id, "travel-0");
      const marked = highlights.map(({ start, end }) => found.text.slice(start, end));
      assert.deepEqual(marked, ["Hotel costs", "refunded"]);
    });

    fresh("a hit has the sentence that says most, with its place in the document", async ({ index }) => {
      const page = "Chapter 4. Pets are welcome. Dogs stay free of charge, e.g. in the annex! Cats pay a fee.";
      const table = "| pet | fee |\n| --- | --- |\n| llama | 9 |";
      const row = "| dog | none |";
      const document = `${page}\n\n${table}\n${row}`;
      await index.upsert([
        passage("d", 0, page, { start: 0, end: page.length }),
        // A table that was cut has its header again, which is no part of its stretch of the document.
        passage("d", 1, `| pet | fee |\n| --- | --- |\n${row}`, {
          start: document.length - row.length,
          end: document.length,
        }),
        passage("e", 0, "Nothing of it here.", { title: "Dogs and their charges" }),
      ]);
      const { hits } = await index.query(ask("are dogs free of charge"));
      const captions = new Map(hits.map(({ passage: { id }, caption }) => [id, caption]));
      assert.equal(captions.get("d-0")?.text, "Dogs stay free of charge, e.g. in the annex!");
      assert.equal(captions.get("d-1")?.text, row);
      assert.deepEqual(captions.get("e-0"), undefined);
      assert.equal(captions.size, 3);
      for (const id of ["d-0", "d-1"]) {
        const { text, start, end } = captions.get(id)!;
        assert.equal(document.slice(start, end), text);
      }
    });

    it("pages without doubles or gaps", async () => {
      const all = await ids(test.index, ask("days vacation leave night tent lamp storm", { top: 50 }));
      const paged: string[] = [];
      for (let skip = 0; skip < all.length + 2; skip += 2) {
        paged.push(...(await ids(test.index, ask("days vacation leave night tent lamp storm", { top: 2, skip }))));
      }
      assert.ok(all.length >= 5);
      assert.deepEqual(paged, all);
      assert.deepEqual(await ids(test.index, ask("vacation", { top: 0 })), []);
    });

    it("searches in the documents named only", async () => {
      assert.deepEqual(await ids(test.index, ask("days", { documentIds: ["travel"] })), ["travel-1"]);
      assert.deepEqual(await ids(test.index, ask("days", { documentIds: [] })), []);
      assert.deepEqual(await ids(test.index, ask("days", { documentIds: ["it's none"] })), []);
    });

    it("says so when vectors are asked for and there are none, and searches by words", async () => {
      for (const mode of ["vector", "hybrid"] as const) {
        const result = await test.index.query(ask("parental leave", { mode }));
        assert.equal(result.hits[0]?.passage.id, "leave-2");
        assert.equal(result.degraded.length, 1);
        assert.match(result.degraded[0]!, /^vector: /);
      }
    });

    fresh("writes are found as soon as they resolve; the same id is replaced", async ({ index }) => {
      await index.upsert([passage("a", 0, "the first wording about penguins")]);
      assert.deepEqual(await ids(index, ask("penguins")), ["a-0"]);
      await index.upsert([passage("a", 0, "another wording about walruses"), passage("a", 1, "and seals")]);
      assert.deepEqual(await ids(index, ask("penguins")), []);
      assert.deepEqual(await ids(index, ask("walrus")), ["a-0"]);
      assert.equal((await index.statistics()).passages, 2);
      await index.upsert([passage("a", 2, "an early otter"), passage("a", 2, "a late otter")]);
      assert.equal((await index.get("a-2"))?.text, "a late otter");
    });

    fresh("replacing a document leaves nothing of its old passages, and others alone", async ({ index }) => {
      await index.upsert([0, 1, 2].map((at) => passage("a", at, `old text ${at}`)));
      await index.upsert([passage("b", 0, "old text of b")]);
      await index.replaceDocuments(["a"], [passage("a", 0, "new text")]);
      assert.deepEqual(
        (await index.documentPassages("a")).map(({ text }) => text),
        ["new text"],
      );
      assert.deepEqual(await ids(index, ask("old")), ["b-0"]);
      await index.replaceDocuments(["a", "b"], []);
      assert.equal((await index.statistics()).documents, 0);
    });

    fresh("deleting documents removes all their passages; unknown ids are no error", async ({ index }) => {
      await index.upsert(HANDBOOK);
      await index.deleteDocuments(["leave", "unknown", "o'hara"]);
      assert.deepEqual(await index.documentPassages("leave"), []);
      assert.equal(await index.get("leave-0"), undefined);
      assert.equal((await index.statistics()).documents, 2);
      assert.deepEqual(await ids(index, ask("parental")), []);
    });

    fresh("what was written is there after closing and opening", async (made) => {
      await made.index.upsert(HANDBOOK);
      const index = await made.reopen();
      assert.deepEqual(await index.get("tent-0"), HANDBOOK[5]);
      assert.deepEqual((await ids(index, ask("storm gusts")))[0], "tent-0");
    });

    fresh("any character may stand in a passage", async ({ index }) => {
      const text =
        "naïve “quotes” 'single' \"double\" \\ back; DROP TABLE passages; -- 100 % _ \t\n\u0001 e\u0301 😀 中文搜索 שלום עולם";
      const odd = passage('odd\'doc\\ "x" 中', 0, text, { title: "O'Neil's “file”.md", headings: ["a'b", ""] });
      await index.upsert([odd, passage("plain", 0, "nothing of note")]);
      assert.deepEqual(await index.get(odd.id), odd);
      assert.deepEqual(await index.documentPassages(odd.documentId), [odd]);
      for (const query of ["naive quotes", "中文", "搜索", "שלום", "drop table", "o'neil"]) {
        assert.deepEqual(await ids(index, ask(query, { documentIds: [odd.documentId] })), [odd.id], query);
      }
      for (const query of ["' OR 1=1 --", '"', "\\", "(", "a:b AND NOT *", "\u0000", "x".repeat(10_000)]) {
        await index.query(ask(query));
      }
      await index.deleteDocuments([odd.documentId]);
      assert.equal((await index.statistics()).passages, 1);
    });

    fresh("a half of a surrogate pair does not stop a document", async ({ index }) => {
      await index.upsert([passage("half", 0, "broken \ud83d emoji")]);
      assert.deepEqual(await ids(index, ask("emoji")), ["half-0"]);
    });

    fresh("big passages and long words are no obstacle", async ({ index }) => {
      const long = `${"filler words about nothing ".repeat(20_000)} needle ${"x".repeat(100_000)}`;
      await index.upsert([passage("big", 0, long), passage("small", 0, "a needle here")]);
      assert.deepEqual(await ids(index, ask("needle")), ["small-0", "big-0"]);
      assert.equal((await index.get("big-0"))?.text.length, long.length);
    });

    fresh("an aborted call is refused and has done nothing", async ({ index }) => {
      await index.upsert([passage("a", 0, "penguin")]);
      const aborted = AbortSignal.abort();
      const calls = [
        () => index.query(ask("penguin"), aborted),
        () => index.upsert([passage("b", 0, "walrus")], aborted),
        () => index.deleteDocuments(["a"], aborted),
        () => index.replaceDocuments(["a"], [], aborted),
        () => index.get("a-0", aborted),
        () => index.documentPassages("a", aborted),
        () => index.statistics(aborted),
      ];
      for (const call of calls) {
        await assert.rejects(call, (thrown) => thrown instanceof FlowsteadError && thrown.code === "Canceled");
      }
      assert.equal((await index.statistics()).passages, 1);
    });

    fresh("readers beside a writer see whole documents only", async (made) => {
      const { index } = made;
      const version = (round: number) => [0, 1, 2].map((at) => passage("doc", at, `otter round${round} part${at}`));
      await index.replaceDocuments(["doc"], version(0));
      const readers = await Promise.all([made.another(), made.another()]);
      let writing = true;
      const read = async (reader: SearchIndex): Promise<number> => {
        let rounds = 0;
        while (writing || rounds === 0) {
          const texts = (await reader.documentPassages("doc")).map(({ text }) => text);
          assert.equal(texts.length, 3);
          assert.equal(new Set(texts.map((text) => text.split(" ")[1])).size, 1, texts.join(" | "));
          assert.equal((await reader.query(ask("otter"))).hits.length, 3);
          rounds += 1;
        }
        return rounds;
      };
      const reading = readers.map(read);
      for (let round = 1; round <= 10; round++) await index.replaceDocuments(["doc"], version(round));
      writing = false;
      await Promise.all(reading);
      for (const reader of readers) {
        assert.deepEqual(await ids(reader, ask("round10", { top: 1 })), ["doc-0"]);
        await reader.close();
      }
    });

    fresh("queries during a re-index of many documents see each of them in one version, whole", async (made) => {
      const { index } = made;
      const names = Array.from({ length: 12 }, (_, at) => `doc${at}`);
      const sizeOf = (round: number): number => 2 + (round % 2);
      const version = (round: number) =>
        names.flatMap((name) =>
          Array.from({ length: sizeOf(round) }, (_, at) =>
            passage(name, at, `otter round${round}`, { id: `${name}-${round}-${at}` }),
          ),
        );
      await index.replaceDocuments(names, version(0));
      const other = await made.another();
      let writing = true;
      const read = async (reader: SearchIndex): Promise<void> => {
        for (let isLast = false; !isLast;) {
          isLast = !writing;
          const { hits } = await reader.query(ask("otter", { top: 100 }));
          for (const name of names) {
            const rounds = hits.filter((hit) => hit.passage.documentId === name).map((hit) => hit.passage.text);
            const [first = ""] = rounds;
            assert.equal(new Set(rounds).size, 1, rounds.join(" | "));
            assert.equal(rounds.length, sizeOf(Number(/\d+/.exec(first)?.[0])), rounds.join(" | "));
            if (isLast) assert.equal(first, "otter round5");
          }
        }
      };
      const reading = Promise.all([read(index), read(other)]);
      for (let round = 1; round <= 5; round++) await index.replaceDocuments(names, version(round));
      writing = false;
      await reading;
      await other.close();
    });

    fresh("writes from several callers at once are all kept", async (made) => {
      const { index } = made;
      const other = await made.another();
      const writes = Array.from({ length: 12 }, (_, at) =>
        (at % 2 ? index : other).upsert([passage(`doc${at}`, 0, `walrus number${at}`)]),
      );
      await Promise.all(writes);
      assert.equal((await index.statistics()).documents, 12);
      assert.equal((await index.query(ask("walrus", { top: 20 }))).hits.length, 12);
      await other.close();
    });

    const animals = [
      passage("pets", 0, "A kitten needs warmth and play.", { title: "Pets" }),
      passage("food", 0, "Fresh bread and soup make a meal.", { title: "Kitchen" }),
      passage("money", 0, "The price is 20 euro, pay at the desk.", { title: "Shop" }),
      passage("sky", 0, "After rain comes sun, after a storm comes snow.", { title: "Weather" }),
    ];

    fresh(
      "vectors find by meaning what words do not",
      async ({ index }) => {
        await index.upsert(animals);
        const { hits, degraded } = await index.query(ask("dog", { mode: "vector", top: 2 }));
        assert.deepEqual(degraded, []);
        assert.equal(hits[0]?.passage.id, "pets-0");
        assert.ok(hits[0].score > hits[1]!.score);
        assert.deepEqual(await ids(index, ask("dog")), []);
        assert.equal((await index.query(ask("cake", { mode: "hybrid" }))).hits[0]?.passage.id, "food-0");
        const both = await index.query(ask("storm", { mode: "hybrid" }));
        assert.equal(both.hits[0]?.passage.id, "sky-0");
        assert.deepEqual(
          both.hits[0].highlights.map(({ start, end }) => animals[3]!.text.slice(start, end)),
          ["storm"],
        );
        assert.equal((await index.statistics()).embedder, "topics/4");
        // Words say sky and the vector says money; which of them wins is a matter of weights.
        const torn = ask("storm", { mode: "hybrid", vector: Float32Array.from([0, 0, 1, 0]) });
        assert.equal((await ids(index, torn))[0], "sky-0");
        assert.equal((await ids(index, { ...torn, weights: { vectors: 0.001 } }))[0], "sky-0");
        assert.equal((await ids(index, { ...torn, weights: { words: 0.001 } }))[0], "money-0");
      },
      topicEmbedder(),
    );

    fresh(
      "vectors may come with the passage and with the query",
      async ({ index }) => {
        const vector = Float32Array.from([0, 0, 1, 0]);
        await index.upsert([...animals.slice(0, 2), passage("own", 0, "words of no topic", { vector })]);
        assert.deepEqual((await index.get("own-0"))?.vector, vector);
        const query = { mode: "vector", vector, top: 1 } as const;
        assert.deepEqual(await ids(index, ask("anything", query)), ["own-0"]);
        assert.deepEqual(await ids(index, ask("x", { ...query, documentIds: ["food"] })), ["food-0"]);
        const wrong = Float32Array.from([1, 2]);
        const mismatch = (thrown: unknown) => thrown instanceof FlowsteadError && thrown.code === "EmbedderMismatch";
        await assert.rejects(index.query(ask("x", { ...query, vector: wrong })), mismatch);
        await assert.rejects(index.upsert([passage("bad", 0, "x", { vector: wrong })]), mismatch);
      },
      topicEmbedder(),
    );

    fresh(
      "a failing embedder leaves a hybrid query with its words, and stops a write",
      async ({ index }) => {
        await index.upsert([passage("a", 0, "kitten")]).then(
          () => assert.fail("the write should have failed"),
          (thrown: FlowsteadError) => assert.match(thrown.message, /out of order/),
        );
        const vector = Float32Array.from([1, 0, 0, 0]);
        await index.upsert([passage("a", 0, "kitten", { vector })]);
        const { hits, degraded } = await index.query(ask("kitten", { mode: "hybrid" }));
        assert.equal(hits[0]?.passage.id, "a-0");
        assert.match(degraded[0]!, /^vector: .*out of order/);
      },
      {
        ...topicEmbedder(),
        embed: () => Promise.reject(new FlowsteadError("Unexpected", "The embedder is out of order.")),
      },
    );
  });
}
