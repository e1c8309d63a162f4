// Tables of PDFs as real producers place them: cells wrapped, centred, merged, with borders and without, on turned pages.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { degrees, PDFDocument, StandardFonts } from "pdf-lib";
import type { PlacedText } from "./pdf-file.ts";
import { outline, parse } from "./read-document.ts";

type Stroke = [x1: number, y1: number, x2: number, y2: number];

interface Page {
  texts: PlacedText[];
  strokes?: Stroke[];
  /** The page is shown turned, and what it says stands upright in it. */
  isTurned?: boolean;
}

async function read(...pages: Page[]): Promise<string[]> {
  const pdf = await PDFDocument.create();
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  for (const { texts, strokes = [], isTurned } of pages) {
    const page = pdf.addPage([595, 842]);
    if (isTurned) page.setRotation(degrees(90));
    const place = (x: number, y: number) => (isTurned ? { x: 760 - y, y: x } : { x, y });
    for (const [text, x, y, size = 10] of texts) {
      page.drawText(text, { ...place(x, y), size, font, rotate: degrees(isTurned ? 90 : 0) });
    }
    for (const [x1, y1, x2, y2] of strokes) page.drawLine({ start: place(x1, y1), end: place(x2, y2), thickness: 0.5 });
  }
  return outline(await parse(await pdf.save(), "table.pdf"));
}

const PRICES: PlacedText[] = [
  ["Product", 60, 700],
  ["Description", 160, 700],
  ["Units", 330, 700],
  ["Price", 420, 700],
  ["Tent", 60, 668],
  ["A tent for two persons", 160, 680],
  ["with four poles and", 160, 668],
  ["twelve pegs", 160, 656],
  ["12", 338, 668],
  ["$199.00", 410, 668],
  ["Sleeping bag", 60, 636],
  ["for the winter", 60, 624],
  ["Down", 160, 630],
  ["7", 340, 630],
  ["$9.50", 415, 630],
];
const TABLE =
  "table@1 | Product | Description | Units | Price |\n| --- | --- | --- | --- |\n" +
  "| Tent | A tent for two persons with four poles and twelve pegs | 12 | $199.00 |\n" +
  "| Sleeping bag for the winter | Down | 7 | $9.50 |";
const ROWS: Stroke[] = [714, 692, 648, 616].map((y) => [50, y, 460, y]);
const COLUMNS: Stroke[] = [50, 150, 320, 400, 460].map((x) => [x, 616, x, 714]);
const BEFORE: PlacedText = ["What the things cost, as of today.", 60, 730];
const AFTER: PlacedText = ["Prices hold until the end of the year.", 60, 590];
const AROUND = [
  "paragraph@1 What the things cost, as of today.",
  TABLE,
  "paragraph@1 Prices hold until the end of the year.",
];

describe("tables of a PDF", () => {
  it("have whole cells however they are wrapped and centred, with borders, without, and with some", async () => {
    for (const strokes of [[...ROWS, ...COLUMNS], [], ROWS]) {
      assert.deepEqual(await read({ texts: [BEFORE, ...PRICES, AFTER], strokes }), AROUND);
    }
  });

  it("are read on a turned page, with and without borders", async () => {
    for (const strokes of [[...ROWS, ...COLUMNS], []]) {
      assert.deepEqual(await read({ texts: [BEFORE, ...PRICES, AFTER], strokes, isTurned: true }), AROUND);
    }
  });

  it("say for each column what a merged head says, and for each row what a merged cell says", async () => {
    const texts: PlacedText[] = [
      ["Region", 60, 690],
      ["2025", 190, 700],
      ["2026", 310, 700],
      ["Q1", 165, 680],
      ["Q2", 225, 680],
      ["Q1", 285, 680],
      ["Q2", 345, 680],
      ["North", 60, 650],
      ["10", 165, 660],
      ["4,000", 345, 660],
      ["11", 165, 640],
      ["3", 285, 640],
      ["4,100", 345, 640],
    ];
    const strokes: Stroke[] = [
      [50, 712, 400, 712],
      [150, 692, 400, 692],
      [50, 672, 400, 672],
      [150, 652, 400, 652],
      [50, 632, 400, 632],
      ...[50, 150, 270, 400].map((x): Stroke => [x, 632, x, 712]),
      ...[210, 330].map((x): Stroke => [x, 632, x, 692]),
    ];
    assert.deepEqual(await read({ texts, strokes }), [
      "table@1 | Region | 2025 Q1 | 2025 Q2 | 2026 Q1 | 2026 Q2 |\n| --- | --- | --- | --- | --- |\n" +
        "| North | 10 |  |  | 4,000 |\n| North | 11 |  | 3 | 4,100 |",
    ]);
  });

  it("whose rows are not parted by lines are parted by the heights of their texts", async () => {
    const texts: PlacedText[] = ["Name Mean Share", "Alpha 1.5 10%", "Beta 22.75 5%", "Gamma 3 100%"].flatMap(
      (row, at) => row.split(" ").map((text, column): PlacedText => [text, 60 + column * 100, 700 - at * 12]),
    );
    const strokes: Stroke[] = [
      ...[712, 697, 655].map((y): Stroke => [50, y, 350, y]),
      ...[50, 150, 250, 350].map((x): Stroke => [x, 655, x, 712]),
    ];
    assert.deepEqual(await read({ texts, strokes }), [
      "table@1 | Name | Mean | Share |\n| --- | --- | --- |\n| Alpha | 1.5 | 10% |\n| Beta | 22.75 | 5% |\n| Gamma | 3 | 100% |",
    ]);
  });

  it("leave the place of a missing value empty", async () => {
    const rows = ["Year Sales Profit", "2024 1,000 7", "2026 - 5"];
    const texts = rows.flatMap((row, at) =>
      row
        .split(" ")
        .flatMap((text, column): PlacedText[] => (text === "-" ? [] : [[text, 60 + column * 120, 700 - at * 12]])),
    );
    assert.deepEqual(await read({ texts }), [
      "table@1 | Year | Sales | Profit |\n| --- | --- | --- |\n| 2024 | 1,000 | 7 |\n| 2026 |  | 5 |",
    ]);
  });

  it("are not made of columns of running text, of boxes around a page, or of numbered items", async () => {
    const column = (name: string, x: number): PlacedText[] =>
      Array.from({ length: 6 }, (_, at): PlacedText => [`line ${at} of the ${name} column`, x, 700 - at * 12]);
    const frame: Stroke[] = [
      ...[720, 690, 100].map((y): Stroke => [40, y, 560, y]),
      ...[40, 300, 560].map((x): Stroke => [x, 100, x, 720]),
    ];
    const lines = (name: string) =>
      `paragraph@1 ${column(name, 0)
        .map(([text]) => text)
        .join(" ")}`;
    assert.deepEqual(await read({ texts: [...column("left", 60), ...column("right", 320)] }), [
      lines("left"),
      lines("right"),
    ]);
    assert.deepEqual(await read({ texts: [...column("left", 60)], strokes: frame }), [lines("left")]);
    assert.deepEqual(
      await read({
        texts: [
          ["1.", 60, 700],
          ["Open the box", 90, 700],
          ["2.", 60, 680],
          ["Close it", 90, 680],
        ],
      }),
      ["item@1 1. Open the box", "item@1 2. Close it"],
    );
  });
});
