// The forty questions of the sample documents, asked of the index alone.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { packageRoot } from "../../src/base/package-root.ts";
import { SILENT } from "../../src/base/log.ts";
import { openCollection } from "../../src/search/ingest/collection.ts";
import type { IngestReport } from "../../src/search/ingest/report.ts";
import { openSearch } from "../../src/search/provider/index.ts";
import type { Hit, SearchIndex } from "../../src/search/search-index.ts";

interface Question {
  question: string;
  answer: string;
  source: string;
  page?: number;
}

const documents = path.join(packageRoot(), "examples/documents");

describe("the sample documents", () => {
  let folder: string;
  let index: SearchIndex;
  let report: IngestReport;
  let questions: Question[];

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "flowstead-questions-"));
    const search = openSearch({ folder, log: SILENT });
    index = await search.create("documents");
    report = await openCollection({ index, folder: search.folderOf("documents"), log: SILENT }).addFolder(documents);
    const lines = (await readFile(path.join(documents, "questions.jsonl"), "utf8")).trim().split("\n");
    questions = lines.map((line) => JSON.parse(line) as Question);
  });
  after(async () => {
    await index.close();
    await rm(folder, { recursive: true, force: true });
  });

  const hitsOf = async (question: string): Promise<Hit[]> =>
    (await index.query({ text: question, mode: "text", top: 3 })).hits;
  const isFrom = ({ passage }: Hit, { source, page }: Question): boolean =>
    passage.source === `documents/${source}` && (page === undefined || passage.page === page);

  it("are all read without a complaint; the questions are no document", () => {
    assert.deepEqual(report.failed, []);
    assert.deepEqual(report.notes, []);
    assert.ok(report.added >= 15);
    assert.deepEqual(
      report.skipped.map(({ file }) => path.basename(file)),
      ["questions.jsonl"],
    );
  });

  it("hold each answer in one sentence, list item or row of the source and page named", async () => {
    assert.equal(questions.length, 40);
    const everything = new Map<string, string[]>();
    for (const { question, answer, source, page } of questions) {
      if (!everything.has(source)) {
        const hits = await index.query({ text: question, mode: "text", top: 50 });
        const id = hits.hits.find(({ passage }) => passage.source === `documents/${source}`)?.passage.documentId;
        assert.ok(id, `${source} is not found for "${question}"`);
        const passages = await index.documentPassages(id);
        everything.set(
          source,
          passages.flatMap((p) => p.text.split("\n").map((line) => `${p.page ?? ""}: ${line}`)),
        );
      }
      const lines = everything.get(source)!.filter((line) => line.includes(answer));
      assert.ok(
        lines.some((line) => page === undefined || line.startsWith(`${page}: `)),
        `"${answer}" is not in ${source}`,
      );
    }
  });

  it("answer at least 39 of 40 questions within the first three hits", async () => {
    const missed: string[] = [];
    let inText = 0;
    let first = 0;
    for (const question of questions) {
      const hits = await hitsOf(question.question);
      if (!hits.some((hit) => isFrom(hit, question))) missed.push(question.question);
      if (hits.some((hit) => isFrom(hit, question) && hit.passage.text.includes(question.answer))) inText += 1;
      if (hits[0] && isFrom(hits[0], question) && hits[0].passage.text.includes(question.answer)) first += 1;
    }
    const right = questions.length - missed.length;
    console.log(`right source in the first three: ${right} of 40; with the answer: ${inText}; at the top: ${first}`);
    assert.ok(right >= 39, `missed: ${missed.join(" | ")}`);
    assert.ok(inText >= 38, `the answer itself was in the hits for ${inText} only`);
  });

  it("are found in spite of typing errors, and by follow-ups joined to their question", async () => {
    const cases: [string, string][] = [
      ["how many vacatoin days do part-timers get", "handbook/vacation-and-leave.md"],
      ["waranty of electronic products", "warranty-and-repair-guide.pdf"],
      ["maximum load of the hreon 45 backpak", "products/heron-45-backpack.md"],
      ["How much vacation do full-time employees get? And part-timers?", "handbook/vacation-and-leave.md"],
      ["What is the list price of the Ember S1? How heavy is it?", "products/ember-s1-stove.md"],
      ["headlamp charging time", "products/lumen-400-headlamp.md"],
      ["head lamp charging time", "products/lumen-400-headlamp.md"],
    ];
    for (const [question, source] of cases) {
      const hits = await hitsOf(question);
      assert.ok(
        hits.some((hit) => isFrom(hit, { question, source, answer: "" })),
        `${question}: ${hits.map(({ passage }) => passage.title).join(", ")}`,
      );
    }
  });
});
