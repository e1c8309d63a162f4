// A process that only reads: one question a line, as JSON, and one line for each answer.

import { createInterface } from "node:readline";
import { SILENT } from "../../src/base/log.ts";
import { openEmbeddedIndex } from "../../src/search/provider/index.ts";

const index = await openEmbeddedIndex({ folder: process.argv[2]!, name: "shared", log: SILENT });
process.stdout.write("ready\n");
createInterface({ input: process.stdin }).on("line", (line) => {
  const { number, text } = JSON.parse(line) as { number: number; text: string };
  void index.query({ text, mode: "text", top: 5 }).then(({ hits }) => {
    process.stdout.write(`${JSON.stringify({ number, ids: hits.map(({ passage: { id } }) => id) })}\n`);
  });
});
