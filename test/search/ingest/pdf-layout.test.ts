import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DocumentBuilder } from "../../../src/search/ingest/format/document-builder.ts";
import { DEFAULT_LIMITS } from "../../../src/search/ingest/limit.ts";
import { withoutFurniture } from "../../../src/search/ingest/format/pdf/furniture.ts";
import { hyphensOf } from "../../../src/search/ingest/format/pdf/join.ts";
import { layOut } from "../../../src/search/ingest/format/pdf/layout.ts";
import { type TextRun, toLines } from "../../../src/search/ingest/format/pdf/line.ts";

const run = (str: string, x: number, y: number, rest: Partial<TextRun> = {}): TextRun => ({
  str,
  x,
  y,
  width: str.length * 5,
  fontSize: 10,
  hasEOL: false,
  ...rest,
});

describe("lines of a PDF", () => {
  it("are put together from runs: without a blank, with one, or as cells", () => {
    const lines = toLines([
      run("Ware", 50, 700),
      run("house", 70, 700),
      run("door", 98, 700.5),
      run("$9", 300, 700),
      run("next", 50, 686),
    ]);
    assert.deepEqual(
      lines.map(({ parts }) => parts.map(({ text }) => text)),
      [["Warehouse door", "$9"], ["next"]],
    );
  });

  it("keep a footnote's mark, an index and a power in their line", () => {
    const lines = toLines([
      run("an area of 5 m", 50, 700),
      run("2", 120, 703.8, { width: 3, fontSize: 6 }),
      run(" and H", 123, 700, { width: 30 }),
      run("2", 153, 697.5, { width: 3, fontSize: 6 }),
      run("O", 156, 700, { width: 5 }),
    ]);
    assert.deepEqual(
      lines.map(({ text }) => text),
      ["an area of 5 m2 and H2O"],
    );
  });

  it("of scripts from right to left are read so, whatever order they come in, with other words in theirs", () => {
    const words = [run("שלום", 200, 700, { width: 20 }), run("עולם", 175, 700, { width: 20 })];
    const other = [run("Contoso", 130, 700, { width: 35 }), run("Ltd", 168, 700, { width: 4 })];
    const last = run("בעברית.", 95, 700, { width: 30 });
    for (const runs of [
      [...words, ...other.toReversed(), last],
      [last, ...other, ...words.toReversed()],
    ]) {
      assert.deepEqual(
        toLines(runs).map(({ text }) => text),
        ["שלום עולם Contoso Ltd בעברית."],
      );
    }
  });

  it("are joined without the printer's hyphens, and without blanks in Chinese", () => {
    const joined = (...texts: string[]): string => {
      const builder = new DocumentBuilder(DEFAULT_LIMITS);
      const lines = toLines(texts.map((text, at) => run(text, 50, 700 - at * 12)));
      layOut(lines, builder, { body: 10, headings: [], whole: hyphensOf(lines) });
      return builder.finish("application/pdf", "a.pdf").text;
    };
    assert.equal(joined("fifteen work-", "ing days"), "fifteen working days");
    assert.equal(joined("fifteen work\u2010", "ing days"), "fifteen working days");
    assert.equal(joined("the Anglo-", "Saxon way"), "the Anglo-Saxon way");
    assert.equal(joined("two", "words"), "two words");
    // By how the document writes the word elsewhere, and for compounds that it does not, by their parts.
    assert.equal(joined("a first-class seat. First-", "class seats"), "a first-class seat. First-class seats");
    assert.equal(joined("some online shop, on-", "line shops"), "some online shop, online shops");
    assert.equal(
      joined("key of keys, one data base, key to data and base: data-", "base-key"),
      "key of keys, one data base, key to data and base: data-base-key",
    );
    assert.equal(
      joined("an entry type is a type of entry: entry\u2010", "type"),
      "an entry type is a type of entry: entry\u2010type",
    );
    assert.equal(joined("upper-", "and lower-case letters"), "upper- and lower-case letters");
    assert.equal(
      joined("in\u00ad", "formation: in a formation, in formation"),
      "information: in a formation, in formation",
    );
    assert.equal(joined("从研究生院网站下载、打印即", "可。"), "从研究生院网站下载、打印即可。");
  });

  it("leave out running heads and feet, and nothing else that comes again", () => {
    const pages = [1, 2, 3, 4].map((page) =>
      toLines([
        run("The guide", 50, 800),
        run(`Step ${page * 3}`, 50, 700),
        run("Same words in the middle", 50, 600),
        run(`Closing words of ${"abcd"[page]}`, 50, 500),
        run(`${page} / 4`, 50, 20),
      ]),
    );
    assert.deepEqual(
      withoutFurniture(pages)[1]!.map(({ text }) => text),
      ["Step 6", "Same words in the middle", "Closing words of c"],
    );
    // Of two pages only the number of the page is known for what it is.
    assert.deepEqual(
      withoutFurniture(pages.slice(0, 2))[1]!.map(({ text }) => text),
      ["The guide", "Step 6", "Same words in the middle", "Closing words of c"],
    );
    for (const [number, isLeft] of [
      ["Page 1 of 2", false],
      ["- 1 -", false],
      ["Seite 1 von 9", false],
      ["12", true],
      ["1 January", true],
    ] as const) {
      const [lines] = withoutFurniture([toLines([run("a", 50, 800), run("b", 50, 700), run(number, 50, 20)])]);
      assert.equal(
        lines!.some(({ text }) => text === number),
        isLeft,
        number,
      );
    }
  });
});
