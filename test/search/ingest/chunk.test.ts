import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Chunk, chunkDocument } from "../../../src/search/ingest/chunk/chunk.ts";
import { DEFAULT_LIMITS } from "../../../src/search/ingest/limit.ts";
import { parseMarkdown } from "../../../src/search/ingest/format/markdown.ts";
import { countWords, MOST_WORDS } from "../../../src/search/ingest/chunk/piece.ts";

const read = (markdown: string) => {
  const document = parseMarkdown(markdown, "a.md", DEFAULT_LIMITS);
  return { document, chunks: chunkDocument(document) };
};
const sizes = (chunks: readonly Chunk[]): number[] => chunks.map(({ text }) => countWords(text));
const paragraph = (name: string, words: number): string => `${`${name} `.repeat(words - 1)}${name}.`;

describe("passages", () => {
  it("hold whole paragraphs up to about 200 words, and are the very stretch of text they name", () => {
    const { document, chunks } = read([60, 60, 60, 60, 60].map((n, at) => paragraph(`p${at}`, n)).join("\n\n"));
    assert.deepEqual(sizes(chunks), [180, 120]);
    for (const { text, start, end } of chunks) assert.equal(text, document.text.slice(start, end));
  });

  it("never go across a heading, and carry the headings above them", () => {
    const { chunks } = read("# Title\nintro\n## A\none\n### B\ntwo\n## C\nthree\n# Other\nfour");
    assert.deepEqual(
      chunks.map(({ text, headings }) => [text, ...headings]),
      [["intro"], ["one", "A"], ["two", "A", "B"], ["three", "C"], ["four", "Other"]],
    );
  });

  it("take in a short end", () => {
    const { chunks } = read(`${paragraph("long", 195)}\n\n${paragraph("short", 20)}`);
    assert.deepEqual(sizes(chunks), [215]);
  });

  it("part a long paragraph between sentences", () => {
    const { chunks } = read(
      Array.from({ length: 60 }, (_, at) => `Sentence number ${at} has some more words in it.`).join(" "),
    );
    assert.ok(chunks.length >= 3);
    for (const { text } of chunks) assert.match(text, /^Sentence number .* in it\.$/s);
    assert.ok(sizes(chunks).every((size) => size <= MOST_WORDS));
  });

  it("of one long paragraph begin with the end of the one before: about 15 %, in whole sentences where there are some", () => {
    const spoken = "so we went on and on without a stop ".repeat(90).trim();
    const sentences = Array.from({ length: 90 }, (_, at) => `Point ${at} of the long talk is told here.`).join(" ");
    for (const text of [sentences, spoken, `${"山道".repeat(300)}。`.repeat(3)]) {
      const { document, chunks } = read(text);
      assert.ok(chunks.length >= 4);
      chunks.slice(1).forEach(({ start }, at) => {
        const repeated = document.text.slice(start, chunks[at]!.end);
        assert.ok(countWords(repeated) >= 24 && countWords(repeated) <= 36, repeated);
        if (text === sentences) assert.match(repeated, /^Point \d+ of .* here\.$/);
      });
      assert.ok(sizes(chunks).every((size) => size <= MOST_WORDS));
    }
  });

  it("that structure parts repeat nothing: paragraphs, list items, rows and lines of code", () => {
    const many = (line: (at: number) => string, gap: string) =>
      Array.from({ length: 90 }, (_, at) => line(at)).join(gap);
    for (const text of [
      many((at) => `Paragraph ${at} has a few words of its own.`, "\n\n"),
      many((at) => `- item ${at} has a few words of its own`, "\n"),
      `| a | b |\n|--|--|\n${many((at) => `| row ${at} | has a few words |`, "\n")}`,
      `\`\`\`\n${many((at) => `call(${at}, with, a, few, words);`, "\n")}\n\`\`\``,
    ]) {
      const { chunks } = read(text);
      assert.ok(chunks.length >= 3);
      chunks.slice(1).forEach(({ start }, at) => assert.ok(start >= chunks[at]!.end));
    }
  });

  it("keep a table whole, and repeat the header where it must be cut", () => {
    const rows = (count: number) =>
      Array.from({ length: count }, (_, at) => `| item ${at} | costs ${at} euro |`).join("\n");
    const small = read(`| What | Price |\n|--|--|\n${rows(20)}`).chunks;
    assert.equal(small.length, 1);
    const { document, chunks } = read(`before\n\n| What | Price |\n|--|--|\n${rows(150)}\n\nafter`);
    const tables = chunks.filter(({ text }) => text.includes("| item"));
    assert.ok(tables.length > 2);
    for (const { text, start, end } of tables) {
      assert.ok(text.includes("| What | Price |\n| --- | --- |\n| item"));
      assert.ok(text.endsWith(document.text.slice(start, end)));
    }
    for (let at = 0; at < 150; at++)
      assert.equal(tables.filter(({ text }) => text.includes(`| item ${at} |`)).length, 1);
  });

  it("cut what has neither blanks nor sentences, and lose nothing of it", () => {
    for (const long of ["x".repeat(50_000), "山道".repeat(5000), "😀".repeat(9000), "word ".repeat(5000).trim()]) {
      const { document, chunks } = read(long);
      assert.ok(chunks.length > 1);
      assert.ok(chunks.every(({ text }) => text.length <= 4000 && !/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/.test(text)));
      const parts = chunks.map(({ start, end }, at) =>
        document.text.slice(Math.max(start, chunks[at - 1]?.end ?? 0), end),
      );
      assert.equal(parts.join("").replaceAll(" ", ""), long.replaceAll(" ", ""));
    }
  });
});
