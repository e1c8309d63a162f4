// A process that opens an index and asks it one question: how long that took, and its memory, as a line of JSON.

import { SILENT } from "../src/base/log.ts";
import { openEmbeddedIndex } from "../src/search/provider/index.ts";

const [folder = "", dimensions = "0", text = ""] = process.argv.slice(2);
const vector = new Float32Array(Number(dimensions)).fill(1 / Math.sqrt(Number(dimensions)));
const embedder = {
  fingerprint: `bench/${dimensions}`,
  dimensions: vector.length,
  embed: async (texts: readonly string[]) => texts.map(() => vector),
  close: async () => undefined,
};
const start = performance.now();
const index = await openEmbeddedIndex({ folder, name: "bench", embedder, log: SILENT });
const ask = () => index.query({ text, mode: "hybrid", top: 10 });
await ask();
const firstMs = Math.round(performance.now() - start);
for (let more = 0; more < 20; more++) await ask();
console.log(JSON.stringify({ coldOpenMs: firstMs, memoryMb: Math.round(process.memoryUsage().rss / 2 ** 20) }));
await index.close();
