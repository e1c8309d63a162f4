// Tables fit the terminal whatever its width, and lose nothing of what stands in them but the ends of whole documents.

import assert from "node:assert/strict";
import { test } from "node:test";
import { terminal } from "../../src/cli/console.ts";
import { table } from "../../src/cli/table.ts";

const LONG = "A prompt flow is a folder with a flow.dag.yaml, which names inputs, nodes and outputs of a flow.";
const COLUMNS = ["inputs.question", "outputs.answer", "status"];
const ROWS = [
  ["What is a prompt flow?", LONG, "Completed"],
  ["Why?", "x".repeat(100), "Failed"],
];

const widest = (text: string): number => Math.max(...text.split("\n").map((line) => Array.from(line).length));
const letters = (text: string): string => Array.from(text.replaceAll(/[\s-]/g, "")).toSorted().join("");

test("what fits stands in lines of its own width, without an end of blanks", () => {
  const rows = [["a", "Ünïcödé 🙂"], ["bb"]];
  const shown = table(["one", "two"], rows, 80);
  assert.equal(shown, "one  two\n---  ---------\na    Ünïcödé 🙂\nbb");
  assert.equal(table(["one", "two"], [], 80), "one  two\n---  ---");
});

test("what does not fit goes on in the next line of its column, down to 30 columns", () => {
  for (const width of [30, 31, 40, 80, 120, 200]) {
    const shown = table(COLUMNS, ROWS, width);
    assert.ok(widest(shown) <= width, `${width}: ${widest(shown)}\n${shown}`);
    assert.equal(letters(shown), letters([...COLUMNS, ...ROWS.flat()].join("")), `${width} loses nothing`);
  }
  assert.equal(
    table(
      ["name", "text"],
      [
        ["a", "one two three"],
        ["b", "fourfivesixseven"],
      ],
      16,
    ),
    "name  text\n----  ----------\na     one two\n      three\n----  ----------\nb     fourfivesi\n      xseven",
  );
});

test("a document in a cell is shown by its beginning, with how much follows", () => {
  const shown = table(["name", "text"], [["a", "word ".repeat(1000).trim()]], 40);
  const lines = shown.split("\n");
  assert.equal(lines.length, 22);
  assert.match(lines.at(-1) ?? "", /^ {6}… 4211 more$/);
  assert.match(table(["t"], [["y".repeat(5000)]], 8), /\n…$/);
});

test("many columns in a narrow terminal become a list for each row", () => {
  const shown = table(
    ["name", "status", "created_on", "flow"],
    [
      ["first_run", "Completed", "2026-01-31T10:00:00", "web"],
      ["other", "", "", ""],
    ],
    24,
  );
  assert.equal(
    shown,
    `name: first_run\nstatus: Completed\ncreated_on:\n  2026-01-31T10:00:00\nflow: web\n${"-".repeat(24)}\nname: other\nstatus:\ncreated_on:\nflow:`,
  );
});

test("the width is COLUMNS, else the terminal's, else 80", (context) => {
  const before = process.env["COLUMNS"];
  context.after(() => {
    if (before === undefined) delete process.env["COLUMNS"];
    else process.env["COLUMNS"] = before;
  });
  const output = { write: () => true };
  delete process.env["COLUMNS"];
  assert.deepEqual([terminal(output).width, terminal({ ...output, columns: 132 }).width], [80, 132]);
  process.env["COLUMNS"] = "30";
  assert.equal(terminal({ ...output, columns: 132 }).width, 30);
  process.env["COLUMNS"] = "wide";
  assert.equal(terminal(output).width, 80);
});

test("a table takes any number of rows", () => {
  const rows = Array.from({ length: 150_000 }, (_, line) => [`${line}`]);
  assert.ok(table(["line"], rows, 80).endsWith("\n149999"));
});
