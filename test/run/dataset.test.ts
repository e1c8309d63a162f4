import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createHash } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Float, type ValueMap } from "../../src/base/value.ts";
import { openDataset } from "../../src/run/dataset.ts";
import { exportImages } from "../../src/run/row-image.ts";
import { writeFolder } from "../flow/flow-folder.ts";

async function read(
  context: TestContext,
  files: Record<string, string | Buffer>,
  name = Object.keys(files)[0] as string,
) {
  const warnings: string[] = [];
  const folder = writeFolder(context, Object.fromEntries(Object.keys(files).map((file) => [file, ""])));
  for (const [file, content] of Object.entries(files)) writeFileSync(path.join(folder, file), content);
  const location = path.join(folder, name);
  const source = await openDataset(location, { warn: (message) => warnings.push(message) });
  const rows: ValueMap[] = [];
  for await (const row of source.rows()) rows.push(row);
  return { rows, warnings };
}

test("JSON lines keep numbers as they are written", async (context) => {
  const text = '\uFEFF{"a": 1, "b": 1.0, "c": 123456789012345678901}\r\n\n{"a": "x\u2028y"}';
  const { rows } = await read(context, { "d.jsonl": text });
  assert.deepEqual(rows, [{ a: 1, b: new Float(1), c: 123456789012345678901n }, { a: "x\u2028y" }]);
});

test("a fault in a row is told with its file and line", async (context) => {
  await assert.rejects(
    read(context, { "d.jsonl": '{"a": 1}\n\n{"a": }\n' }),
    /d\.jsonl:3: Not valid JSON: .*\(column 7\)/,
  );
  await assert.rejects(read(context, { "d.jsonl": "[1]" }), /d\.jsonl:1: a row must be a JSON object/);
  await assert.rejects(read(context, { "d.csv": 'a,b\n1,2\n"x\ny",2\n1,2,3\n' }), /d\.csv:5: this row has 3 cells/);
  await assert.rejects(read(context, { "d.csv": 'a,b\n1,"2\n' }), /d\.csv:2: a quote is opened/);
  await assert.rejects(openDataset("nowhere.jsonl"), /There is no data at nowhere\.jsonl/);
});

test("cells of CSV and TSV are text, with quotes, separators and line breaks inside", async (context) => {
  const csv = 'name,note,name\r\n"a ""b"", c",007,\r\n"two\nlines",,x\r\n\r\n1,"",3';
  const { rows } = await read(context, { "d.csv": csv });
  assert.deepEqual(rows, [
    { name: 'a "b", c', note: "007", "name.1": "" },
    { name: "two\nlines", note: "", "name.1": "x" },
    { name: "1", note: "", "name.1": "3" },
  ]);
  const tsv = await read(context, { "d.tsv": "a\tb\n1,5\t\n" });
  assert.deepEqual(tsv.rows, [{ a: "1,5", b: "" }]);
});

test("cells that fall on the end of a read are whole", async (context) => {
  const long = "é".repeat(200_000);
  const { rows } = await read(context, { "d.csv": `a,b\n"${long}""","x"\n${long},\n` });
  assert.deepEqual(rows, [
    { a: `${long}"`, b: "x" },
    { a: long, b: "" },
  ]);
});

test("JSON tables are lists of rows or columns", async (context) => {
  const list = await read(context, { "d.json": '[{"a": 1.0}, {"a": 2}]' });
  assert.deepEqual(list.rows, [{ a: new Float(1) }, { a: 2 }]);
  const columns = await read(context, { "d.json": '{"a": {"0": 1, "1": 2}, "b": ["x", "y"]}' });
  assert.deepEqual(columns.rows, [
    { a: 1, b: "x" },
    { a: 2, b: "y" },
  ]);
  await assert.rejects(read(context, { "d.json": '{"a": 1}' }), /must be a list of objects/);
});

test("text of another encoding is refused by file and line, and not read as other text", async (context) => {
  const latin = (text: string): Buffer => Buffer.from(text, "latin1");
  const line = /: this line is not UTF-8, but in another encoding\. Save the file as UTF-8\.$/;
  for (const [name, content, place] of [
    ["d.jsonl", latin('{"a": 1}\n{"a": "caf\xe9"}\n'), "d.jsonl:2"],
    ["d.csv", latin(`a\n${"x\n".repeat(100_000)}\xe9\n`), "d.csv:100002"],
    ["d.json", latin('[\n{"a": "\xe9"}]'), "d.json:2"],
    ["d.tsv", latin("a\ncut\xc3"), "d.tsv:2"],
  ] as const) {
    await assert.rejects(read(context, { [name]: content }), ({ message }: Error) => {
      assert.match(message, line);
      return message.includes(place);
    });
  }
  const wide = Buffer.from('\uFEFF{"a": 1}\n', "utf16le");
  await assert.rejects(
    read(context, { "d.jsonl": wide }),
    /d\.jsonl:1: this file is UTF-16\. Save the file as UTF-8\./,
  );
});

test("a folder is all its files by name; what holds no rows is left out with a warning", async (context) => {
  const files = {
    "in/b.jsonl": '{"n": 2}',
    "in/a/x.csv": "n\n1\n",
    "in/script.py": "import os\n",
    "in/c.txt": '{"n": 3}',
  };
  const { rows, warnings } = await read(context, files, "in");
  assert.deepEqual(rows, [{ n: "1" }, { n: 2 }, { n: 3 }]);
  assert.deepEqual(warnings, ["File script.py is not supported format: csv, tsv, json, jsonl, parquet. Ignoring it."]);
});

test("images beside the data become data", async (context) => {
  const row = '{"i": {"data:image/png;path": "a.png"}, "l": [{"data:image/png;path": "a.png"}, {"path": "a.png"}]}';
  const { rows } = await read(context, { "d.jsonl": row, "a.png": "bytes" });
  const image = { "data:image/png;base64": Buffer.from("bytes").toString("base64") };
  assert.deepEqual(rows, [{ i: image, l: [image, { path: "a.png" }] }]);
  // A file that is missing is the line's fault, not the run's.
  assert.deepEqual((await read(context, { "d.jsonl": row })).rows, [JSON.parse(row)]);
});

test("images of OpenAI's notation become data, too, and results with images become files", async (context) => {
  const row =
    '{"i": {"type": "image_file", "image_file": {"path": "a.jpg"}}, "u": {"type": "image_url", "image_url": {"url": "https://x/y.png"}}}';
  const { rows } = await read(context, { "d.jsonl": row, "a.jpg": "bytes" });
  const data = Buffer.from("bytes").toString("base64");
  const vision = { type: "image_url", image_url: { url: `data:image/jpeg;base64,${data}` } };
  assert.deepEqual(rows, [{ i: vision, u: { type: "image_url", image_url: { url: "https://x/y.png" } } }]);
  const folder = writeFolder(context, {});
  const basic = { "data:image/png;base64": data };
  const written = await exportImages({ a: [basic, 1], v: vision }, folder);
  const hash = createHash("sha1").update("bytes").digest("hex");
  assert.deepEqual(written, {
    a: [{ "data:image/png;path": `${hash}.png` }, 1],
    v: { type: "image_file", image_file: { path: `${hash}.jpeg` } },
  });
  assert.deepEqual(readdirSync(folder).sort(), [`${hash}.jpeg`, `${hash}.png`]);
});
