// The shape of a passage, told in places of its text.

import assert from "node:assert/strict";
import { test } from "node:test";
import { highlightedIn } from "../../web/shared/format/highlight.ts";
import type { Item, List } from "../../web/shared/passage/list.ts";
import { type Block, blocksOf } from "../../web/shared/passage/shape.ts";
import type { Cell } from "../../web/shared/passage/table.ts";
import type { Span } from "../../web/shared/wire/contract.ts";

const cut = (text: string, spans: readonly Span[]): string =>
  spans.map(({ start, end }) => text.slice(start, end)).join("");

/** A passage as nested arrays of its words. */
function shown(text: string): unknown[] {
  const row = (cells: Cell[]): string[] => cells.map((cell) => cut(text, cell));
  const item = ({ number, span, lists }: Item): unknown[] => [
    ...(number === undefined ? [] : [number]),
    cut(text, [span]),
    ...lists.map(list),
  ];
  const list = ({ ordered, items }: List): unknown => ({ [ordered ? "ol" : "ul"]: items.map(item) });
  return blocksOf(text).map((block) => {
    if (block.kind === "paragraph") return cut(text, [block.span]);
    if (block.kind === "list") return list(block);
    return { ...(block.head && { head: row(block.head) }), rows: block.rows.map(row) };
  });
}

const PRICES = "| Repair | Price |\n| --- | --- |\n| Replace a zip | $54 |\n| Sew a tear | $32 |";

test("a table between paragraphs: a head, rows, and no rule", () => {
  assert.deepEqual(shown(`Prices are net.\n\n${PRICES}\n\nYou get an estimate first.\nIt is free.`), [
    "Prices are net.",
    {
      head: ["Repair", "Price"],
      rows: [
        ["Replace a zip", "$54"],
        ["Sew a tear", "$32"],
      ],
    },
    "You get an estimate first.\nIt is free.",
  ]);
});

test("a table without its head, or without its rows, is a table still", () => {
  const rows = [["Sew a tear", "$32"]];
  assert.deepEqual(shown("| Sew a tear | $32 |"), [{ rows }]);
  assert.deepEqual(shown("|---|---|\r\n| Sew a tear | $32 |\r\n"), [{ rows }]);
  assert.deepEqual(shown("| Repair | Price |\n| --- | --- |"), [{ head: ["Repair", "Price"], rows: [] }]);
  assert.deepEqual(shown(`${PRICES}\n| Part | Stock |\n| --- | --- |\n| Zip | 4 |`).at(1), {
    head: ["Part", "Stock"],
    rows: [["Zip", "4"]],
  });
});

test("bars in words stay words, and empty or missing cells keep their column", () => {
  assert.deepEqual(shown("| a \\| b | |\n| --- | --- |\n|  | \\|c\\| |\n| d |"), [
    { head: ["a | b", ""], rows: [["", "|c|"], ["d"]] },
  ]);
  for (const text of ["|x| is never negative.", "a | b", "this or that | --- | no", "---", "|", "a\n---"]) {
    assert.deepEqual(shown(text), [text]);
  }
});

test("a table written without outer bars, and its alignment", () => {
  const text = "Days | Leave | Note\n:-- | --: | :-:\n5 | 28 | full";
  assert.deepEqual(shown(text), [{ head: ["Days", "Leave", "Note"], rows: [["5", "28", "full"]] }]);
  const [table] = blocksOf(text);
  assert.ok(table?.kind === "table");
  assert.deepEqual(table.columns, ["start", "end", "center"]);
});

test("lists nest by indentation, keep their numbers, and go on over blank lines and second lines", () => {
  const text = "Bring:\n- a tent\n  for two\n  - pegs\n  - 2. ropes\n\n- a stove\n3. Sign.\n4) Leave.\nBye.";
  assert.deepEqual(shown(text), [
    "Bring:",
    { ul: [["a tent\n  for two", { ul: [["pegs"], ["2. ropes"]] }], ["a stove"]] },
    {
      ol: [
        [3, "Sign."],
        [4, "Leave."],
      ],
    },
    "Bye.",
  ]);
});

test("a footnote, a year and a dash in a sentence are no list", () => {
  for (const text of ["* Except in May.", "2026. A good year.", "one\n–two", "-1 degree", "1.5 metres"]) {
    assert.deepEqual(shown(text), [text]);
  }
  assert.deepEqual(shown("* one\n* two"), [{ ul: [["one"], ["two"]] }]);
});

test("what is fenced as code is left alone", () => {
  const code = "```\n- name: x\n\n| a | b |\n```";
  assert.deepEqual(shown(`${code}\n\n- item`), [code, { ul: [["item"]] }]);
});

test("marks keep their places: over a row, from a word on, and across an escaped bar", () => {
  const marks = (text: string, marked: string): string[] => {
    const start = text.indexOf(marked);
    assert.ok(start >= 0);
    return stretchesOf(blocksOf(text))
      .flatMap((stretches) => highlightedIn(text, stretches, [{ start, end: start + marked.length }]))
      .filter((piece) => piece.marked)
      .map((piece) => piece.text);
  };
  assert.deepEqual(marks(PRICES, "| Replace a zip | $54 |"), ["Replace a zip", "$54"]);
  assert.deepEqual(marks(PRICES, "zip | $5"), ["zip", "$5"]);
  assert.deepEqual(marks(PRICES, "Price |\n| --- | --- |\n| Replace"), ["Price", "Replace"]);
  assert.deepEqual(marks(PRICES, "| --- |"), []);
  assert.deepEqual(marks("| a \\| b | c |", "a \\| b"), ["a | b"]);
  assert.deepEqual(marks("- one two\n  - three", "two\n  - thr"), ["two", "thr"]);
});

test("no word is lost, doubled or moved, whatever the text looks like", () => {
  const pieces = [
    "| ",
    " |",
    "---",
    "\n",
    "\n\n",
    "- ",
    "2. ",
    "word",
    " ",
    "  ",
    "\\|",
    "`",
    "```",
    "\t",
    ":",
    "* ",
    "\r\n",
  ];
  let seed = 7;
  const next = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  for (let run = 0; run < 3_000; run++) {
    const text = Array.from(
      { length: 1 + next(40) },
      (_, at) => `${pieces[next(pieces.length)]}${at % 3 ? "" : at}`,
    ).join("");
    const spans = spansOf(blocksOf(text));
    for (const [at, { start, end }] of spans.entries()) {
      assert.ok(start >= (spans[at - 1]?.end ?? 0) && end >= start && end <= text.length, JSON.stringify(text));
    }
    assert.deepEqual(cut(text, spans).match(/word/g), text.match(/word/g), JSON.stringify(text));
    // Between what is shown stands only what makes a table or a list.
    let from = 0;
    for (const { start, end } of [...spans, { start: text.length, end: text.length }]) {
      assert.match(text.slice(from, start), /^[\s|:\\*-]*(?:\d{1,3}[.)][\s|:\\*-]*)*$/, JSON.stringify(text));
      from = end;
    }
  }
});

test("a text beyond all passages is shown as it is, and a hostile one is read in no time", () => {
  const long = "- x\n".repeat(6_000);
  assert.deepEqual(blocksOf(long), [{ kind: "paragraph", span: { start: 0, end: long.length } }]);
  const hostile = [
    "- ".repeat(9_999),
    "\n".repeat(19_999),
    "|".repeat(19_999),
    "| - ".repeat(4_999),
    " ".repeat(19_999),
  ];
  hostile.push("* x\n\n\n\n".repeat(2_800), ":-".repeat(9_999), "| |\n".repeat(4_999), `|${"-".repeat(19_000)}:-`);
  hostile.push(Array.from({ length: 190 }, (_, at) => `${" ".repeat(at)}- x`).join("\n"));
  // Work, not time on the clock: machines that run tests are busy.
  const before = process.cpuUsage();
  for (const text of hostile) spansOf(blocksOf(text));
  const { user } = process.cpuUsage(before);
  assert.ok(user < 3_000_000, `${user / 1_000_000} s`);
});

function spansOf(blocks: readonly Block[]): Span[] {
  return stretchesOf(blocks).flat();
}

/** All that is shown, in order: what each paragraph, cell or item is made of. */
function stretchesOf(blocks: readonly Block[]): Span[][] {
  const inList = ({ items }: List): Span[][] => items.flatMap(({ span, lists }) => [[span], ...lists.flatMap(inList)]);
  return blocks.flatMap((block) => {
    if (block.kind === "paragraph") return [[block.span]];
    return block.kind === "list" ? inList(block) : [...(block.head ?? []), ...block.rows.flat()];
  });
}
