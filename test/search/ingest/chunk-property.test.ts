import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Chunk, chunkDocument } from "../../../src/search/ingest/chunk/chunk.ts";
import type { Block, ParsedDocument } from "../../../src/search/ingest/document.ts";
import { DocumentBuilder } from "../../../src/search/ingest/format/document-builder.ts";
import { DEFAULT_LIMITS } from "../../../src/search/ingest/limit.ts";
import { countWords, GOAL_WORDS, LONGEST_CHARACTERS, MOST_WORDS } from "../../../src/search/ingest/chunk/piece.ts";

const DOCUMENTS = 60;

/** Repeatable: a failure names the seed that brings it back. */
function randomOf(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) | 0;
    return (state >>> 0) % below;
  };
}

const ALPHABETS = ["abcdefghij", "äöüßéèñçøå", "абвгдежзик", "山道手足花鳥", "😀👩‍👧é"];

function documentOf(seed: number): ParsedDocument {
  const random = randomOf(seed);
  const word = (): string => {
    const signs = Array.from(ALPHABETS[random(8) < 5 ? 0 : random(ALPHABETS.length)]!);
    return Array.from({ length: 1 + random(9) }, () => signs[random(signs.length)]).join("");
  };
  const sentence = (): string => `${Array.from({ length: 1 + random(25) }, word).join(" ")}${".!?…"[random(4)]}`;
  const some = <T>(most: number, make: () => T): T[] => Array.from({ length: 1 + random(most) }, make);
  const builder = new DocumentBuilder(DEFAULT_LIMITS);
  let page = 0;
  for (let left = 5 + random(25); left > 0; left--) {
    if (seed % 2 === 0 && random(4) === 0) builder.page((page += 1));
    const kinds = [
      () => builder.heading(1 + random(6), some(6, word).join(" ")),
      () => builder.paragraph(some(random(3) === 0 ? 60 : 6, sentence).join(" ")),
      () => builder.item(some(3, sentence).join(" "), 1 + random(3), random(2) === 0 ? "-" : `${random(20)}.`),
      () => builder.code(some(random(3) === 0 ? 120 : 8, () => `  ${word()}(${word()});`).join("\n")),
      () => {
        const columns = 1 + random(5);
        const row = (): string[] => Array.from({ length: columns }, word);
        builder.table(some(random(3) === 0 ? 150 : 8, row), random(2) === 0);
      },
      () => builder.paragraph(word().repeat(1 + random(900))),
    ];
    kinds[random(kinds.length)]!();
  }
  builder.paragraph("The end.");
  return builder.finish("text/plain", "a.txt");
}

describe("passages of any document", () => {
  const cut = new Map<number, { document: ParsedDocument; chunks: Chunk[] }>();
  const cutUp = (seed: number) => {
    const document = documentOf(seed);
    const both = { document, chunks: chunkDocument(document) };
    cut.set(seed, both);
    return both;
  };
  for (const [name, holds] of Object.entries<(document: ParsedDocument, chunks: readonly Chunk[]) => void>({
    "are the stretches of text that they name, in order, and repeat a little of one another inside a paragraph only": (
      document,
      chunks,
    ) => {
      let before = { start: -1, end: 0 };
      for (const chunk of chunks) {
        const own = document.text.slice(chunk.start, chunk.end);
        assert.ok(chunk.text.endsWith(own));
        assert.ok(chunk.start > before.start && chunk.end > before.end);
        if (chunk.start < before.end) {
          const parted = blocksIn(document, chunk.start, before.end);
          assert.ok(parted.length === 1 && ["paragraph", "item"].includes(parted[0]!.kind), "repeats structure");
          const repeated = countWords(document.text.slice(chunk.start, before.end));
          assert.ok(repeated <= GOAL_WORDS * 0.25, `repeats ${repeated} words`);
        }
        before = chunk;
        // What stands before the stretch is the header of the table that it is cut from.
        const header = chunk.text.slice(0, -own.length);
        assert.ok(header === "" || tableAt(document, chunk.start)?.startsWith(header.trimEnd()), header);
      }
    },
    "lose nothing but headings and blanks": (document, chunks) => {
      const bodies = document.blocks.filter(({ kind }) => kind !== "heading");
      const within = Array.from({ length: document.text.length }, () => false);
      for (const { start, end } of chunks) within.fill(true, start, end);
      for (const { start, end } of bodies) {
        for (let at = start; at < end; at++) {
          if (!within[at] && document.text.charAt(at).trim() !== "") assert.fail(`${at} of ${start}-${end} is lost`);
        }
      }
    },
    "stay within the budget, one page and one section": (document, chunks) => {
      const headings = document.blocks.filter(({ kind }) => kind === "heading");
      for (const { start, end, page } of chunks) {
        const own = document.text.slice(start, end);
        assert.ok(own.length <= LONGEST_CHARACTERS && countWords(own) <= MOST_WORDS, `${countWords(own)} words`);
        assert.ok(!headings.some((heading) => heading.start >= start && heading.end <= end), "crosses a heading");
        for (const block of blocksIn(document, start, end)) assert.equal(block.page, page);
        assert.ok(!/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/.test(own), "parts a sign");
      }
    },
    "do not cut a row of a table or a line of code that fits": (document, chunks) => {
      for (const { start, end } of chunks) {
        for (const block of blocksIn(document, start, end)) {
          if (block.kind !== "table" && block.kind !== "code") continue;
          for (const edge of [start, end]) {
            if (edge <= block.start || edge >= block.end) continue;
            const around = document.text.slice(edge - 1, edge + 1);
            assert.ok(around.includes("\n"), JSON.stringify(document.text.slice(edge - 20, edge + 20)));
          }
        }
      }
    },
  })) {
    it(name, () => {
      for (let seed = 1; seed <= DOCUMENTS; seed++) {
        const { document, chunks } = cut.get(seed) ?? cutUp(seed);
        try {
          holds(document, chunks);
        } catch (thrown) {
          throw new Error(`seed ${seed}: ${(thrown as Error).message}`, { cause: thrown });
        }
      }
    });
  }
});

function blocksIn({ blocks }: ParsedDocument, start: number, end: number): Block[] {
  return blocks.filter((block) => block.start < end && block.end > start);
}

function tableAt({ text, blocks }: ParsedDocument, at: number): string | undefined {
  const table = blocks.find(({ kind, start, end }) => kind === "table" && start <= at && at < end);
  return table && text.slice(table.start, table.end);
}
