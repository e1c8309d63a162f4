// `npm run bench -- NAME [--quick]`: runs one bench. A table for people goes to standard error; the last line of
// standard output is one JSON object.

import type { Bench } from "./bench.ts";
import { drill } from "./drill.ts";
import { router } from "./router.ts";
import { gateway } from "./gateway.ts";
import { batch } from "./batch.ts";
import { coldStart } from "./cold-start.ts";
import { python } from "./python.ts";
import { searchQuality } from "./search-quality.ts";
import { searchSpeed, searchSpeedMillion } from "./search-speed.ts";
import { serve } from "./serve.ts";
import { slowClient } from "./slow-client.ts";
import { turn } from "./turn.ts";
import { waiting } from "./waiting.ts";

const BENCHES: readonly Bench[] = [
  serve,
  coldStart,
  turn,
  waiting,
  batch,
  gateway,
  python,
  drill,
  router,
  slowClient,
  searchSpeed,
  searchSpeedMillion,
  searchQuality,
];

const words = process.argv.slice(2);
const sets = taken("--sets");
const original = taken("--original");
const keep = taken("--keep");
const name = words.find((word) => !word.startsWith("-"));
const unknown = words.filter((word) => word !== name && word !== "--quick");
const bench = BENCHES.find((one) => one.name === name);

if (name === undefined && unknown.length === 0) list();
else if (!bench || unknown.length > 0) {
  console.error(
    bench ? `There is no option ${unknown.join(" ")}.` : `There is no bench "${name ?? unknown.join(" ")}".`,
  );
  list();
  process.exitCode = 1;
} else {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  try {
    const result = await bench.run({
      isQuick: words.includes("--quick"),
      sets,
      original,
      keep,
      signal: stopping.signal,
    });
    console.log(JSON.stringify({ bench: bench.name, node: process.version, ...result }));
    const below = result["below"];
    if (Array.isArray(below) && below.length > 0) {
      console.error(`Below the goal: ${below.join(", ")}.`);
      process.exitCode = 1;
    }
  } catch (thrown) {
    console.error(stopping.signal.aborted ? "Stopped." : `Error: ${(thrown as Error).message}`);
    process.exitCode = stopping.signal.aborted ? 130 : 1;
  }
}

/** Takes an option with its value out of the words. */
function taken(option: string): string | undefined {
  const at = words.indexOf(option);
  return at < 0 ? undefined : words.splice(at, 2)[1];
}

function list(): void {
  console.error("Benches: npm run bench -- NAME [--quick]");
  for (const one of BENCHES) console.error(`  ${one.name}  ${one.about}`);
}
