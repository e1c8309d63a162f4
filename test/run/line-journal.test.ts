import assert from "node:assert/strict";
import { appendFile, readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { LineJournal } from "../../src/run/line-journal.ts";
import { writeFolder } from "../flow/flow-folder.ts";

test("rows are found again by another process, in the order of the lines", async (context) => {
  const file = path.join(writeFolder(context, {}), "lines.tsv");
  const journal = await LineJournal.open(file);
  await Promise.all(
    [2, 0, 10].map((line) => journal.append(line, line === 0 ? "Failed" : "Completed", [`"${line}"`, "é"])),
  );
  assert.deepEqual(await journal.read(10), ['"10"', "é"]);
  await journal.close();
  const again = await LineJournal.open(file);
  assert.deepEqual([again.lines(), again.lines("Failed"), again.count], [[0, 2, 10], [0], 3]);
  assert.deepEqual(
    [await again.read(0), await again.read(2)],
    [
      ['"0"', "é"],
      ['"2"', "é"],
    ],
  );
  await again.close();
});

test("a row that was being written when the process died is cut off, and the next begins in its place", async (context) => {
  const file = path.join(writeFolder(context, {}), "lines.tsv");
  const journal = await LineJournal.open(file);
  await journal.append(0, "Completed", ["whole"]);
  await journal.close();
  await appendFile(file, "1\tCompleted\thal");
  const again = await LineJournal.open(file);
  assert.deepEqual(again.lines(), [0]);
  await again.append(2, "Failed", ["next"]);
  assert.deepEqual(await again.read(2), ["next"]);
  await again.close();
  assert.equal(await readFile(file, "utf8"), "0\tCompleted\twhole\n2\tFailed\tnext\n");
});

test("a journal that is read while it grows shows whole rows and is left as it is", async (context) => {
  const file = path.join(writeFolder(context, { "lines.tsv": "0\tCompleted\twhole\n1\tComp" }), "lines.tsv");
  const reader = await LineJournal.open(file, { readOnly: true });
  assert.deepEqual([reader.lines(), await reader.read(0)], [[0], ["whole"]]);
  await reader.close();
  assert.match(await readFile(file, "utf8"), /1\tComp$/);
});

test("rows longer than what is read at once are whole", async (context) => {
  const file = path.join(writeFolder(context, {}), "lines.tsv");
  const journal = await LineJournal.open(file);
  const long = "x".repeat(3_000_000);
  for (const line of [0, 1, 2]) await journal.append(line, "Completed", [line === 1 ? long : "short"]);
  await journal.close();
  const again = await LineJournal.open(file);
  assert.deepEqual(await again.read(0), ["short"]);
  assert.equal((await again.read(1))[0] === long, true);
  assert.deepEqual(await again.read(2), ["short"]);
  await again.close();
});
