import assert from "node:assert/strict";
import { test } from "node:test";
import type { FlowsteadError } from "../../src/base/error/error.ts";
import { Float, type Value, type ValueMap } from "../../src/base/value.ts";
import { rowsInMemory } from "../../src/run/dataset.ts";
import { prepareLines } from "../../src/run/lines.ts";
import { applyMapping, checkMapping, completeMapping } from "../../src/run/mapping.ts";

const input = (name: string, value?: string) => ({
  name,
  type: "string",
  isChatInput: false,
  ...(value ? { default: value } : {}),
});

async function linesOf(
  sources: Record<string, ValueMap[]>,
  names: string[],
  mapping: ValueMap = {},
): Promise<ValueMap[]> {
  const named = Object.entries(sources).map(([name, rows]) => [name, { ...rowsInMemory(rows), origin: name }] as const);
  const { total, lines } = await prepareLines(
    new Map(named),
    names.map((name) => input(name)),
    mapping,
  );
  const found: ValueMap[] = [];
  for await (const { line, inputs } of lines()) found.push({ line, ...inputs });
  assert.equal(found.length, total);
  return found;
}

test("a source's shortest name wins, columns may have dots, everything else is a constant", () => {
  const sources = {
    data: { "a.b": 1, "x.y": new Float(2) },
    "data.a": { b: 3 },
    "run.outputs": { z: 4 },
    line_number: 7,
  };
  const mapping = { p: "${data.a.b}", q: "${data.x.y}", r: "${run.outputs.z}", s: "pre ${data.x.y}", t: 5, u: "${}" };
  assert.deepEqual(applyMapping(sources, { ...mapping, line_number: "${data.x.y}" }), {
    p: 1,
    q: new Float(2),
    r: 4,
    s: "pre ${data.x.y}",
    t: 5,
    u: "${}",
    line_number: 7,
  });
});

test("every missing column is named, and the line it is missing in", async () => {
  const rows: ValueMap[] = [{ a: 1 }, { b: 2 }];
  await assert.rejects(linesOf({ data: rows }, [], { x: "${data.a}", y: "${other.z}" }), (error: FlowsteadError) => {
    assert.equal(error.code, "ApplyInputMappingError");
    assert.match(error.message, /relations: \$\{other\.z\}\./);
    assert.equal(error.details?.["line"], 0);
    return true;
  });
});

// On purpose: the original's table of pandas fills such a place with NaN, and makes floats of the integers beside it.
test("a column that only other rows have leaves its input out of the line, which then fails alone", async () => {
  assert.deepEqual(await linesOf({ data: [{ a: 1 }, { b: 2 }] }, ["a"]), [{ line: 0, a: 1 }, { line: 1 }]);
});

test("an input without a mapping takes its column, but a default comes first", () => {
  assert.deepEqual(completeMapping([input("a"), input("b", "B"), input("c")], { c: "${data.d}" }), {
    a: "${data.a}",
    c: "${data.d}",
  });
});

test("a mapping of constants alone is refused", () => {
  assert.throws(() => checkMapping({ a: "x", b: 1 }), /contains all static values: \{'a': 'x', 'b': 1\}/);
  checkMapping({ a: "x", b: "${data.b}" });
  checkMapping({});
});

test("rows are joined by line number; a line that one source lacks is left out", async () => {
  const data = [{ q: "zero" }, { q: "one" }, { q: "two" }, { q: "three" }];
  const mapping = { q: "${data.q}", a: "${run.outputs.a}" };
  const outputs = [
    { line_number: 1, a: "first" },
    { line_number: 3, a: "third" },
  ];
  const joined = [
    { line: 1, q: "one", a: "first" },
    { line: 3, q: "three", a: "third" },
  ];
  assert.deepEqual(await linesOf({ data, "run.outputs": outputs }, [], mapping), joined);
  assert.deepEqual(await linesOf({ data, "run.outputs": outputs.toReversed() }, [], mapping), joined, "in any order");
});

test("line numbers are whole numbers from 0, also as cells of text; a row without one is left out", async () => {
  const lines = (...numbers: Value[]) =>
    linesOf({ data: [{ a: "none" }, ...numbers.map((line_number) => ({ a: "x", line_number }))] }, ["a"]);
  const expected = [{ line: 3, a: "x" }];
  for (const three of [3, "3", new Float(3)]) assert.deepEqual(await lines(null, three), expected);
  for (const wrong of ["three", "", -1, 1.5, new Float(1.5), true, [3], "1e3"]) {
    await assert.rejects(
      lines(2, wrong),
      /^FlowsteadError: data: row 3 has the line_number .* whole number from 0/,
      String(wrong),
    );
  }
});

test("sources that do not fit together are refused before anything runs", async () => {
  const lines = (sources: Record<string, ValueMap[]>) => linesOf(sources, [], { x: "${data.a}" });
  await assert.rejects(lines({ data: [{ a: 1 }], other: [] }), /key 'other' is an empty list/);
  await assert.rejects(lines({ data: [{ a: 1 }], other: [{}, {}] }), /List lengths are: \{'data': 1, 'other': 2\}/);
  await assert.rejects(lines({ data: [] }), /Couldn't find any inputs data.*\ndata: data$/);
  await assert.rejects(lines({ data: [{ a: 1 }], other: [{ line_number: 9 }] }), /not find one complete line/);
});
