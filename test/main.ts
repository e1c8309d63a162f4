// Runs every test file, each in a process of its own, and closes with the count. A run that finds fewer tests than
// there were is a failure, since a test runner that runs nothing also exits with 0.

import { availableParallelism, tmpdir } from "node:os";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { COMPILED } from "./program.ts";

const FLOOR = 2000;
/** Of the files that take longest, as the list at the end of a run shows them. */
const LONG = [
  "test/e2e/",
  "test/web/",
  "guide.test",
  "fleet.test",
  "conformance/",
  "ingest/collection",
  "flow-class.test",
];

// Whatever the tests leave lies in one folder, which goes with them. Short, because paths of sockets must be; open to the
// users that some of their servers run as.
const folder = mkdtempSync(path.join(tmpdir(), "fs-"));
chmodSync(folder, 0o755);
process.env.TMPDIR = folder;
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const files = findTests(process.argv.slice(2));
const partial = process.argv.length > 2;
// One that began last would be waited for while the other processors rest.
files.sort((one, other) => Number(isLong(other)) - Number(isLong(one)));
const counts = { passed: 0, failed: 0, skipped: 0 };
const skips: string[] = [];
const failures: string[] = [];
/** What the tests of a file took together, in milliseconds: the suite must stay short. */
const spent = new Map<string, number>();

// More than there are cores: most tests wait for a process or a page half of their time.
const stream = run({ files, concurrency: availableParallelism() + 2, timeout: 240_000 });
stream.on("test:pass", (event) => {
  if (event.nesting === 0 && event.file) {
    spent.set(event.file, (spent.get(event.file) ?? 0) + event.details.duration_ms);
  }
  if (event.details.type === "suite") return;
  if (event.skip === undefined) counts.passed++;
  else {
    counts.skipped++;
    skips.push(`${event.name}: ${String(event.skip)}`);
  }
});
stream.on("test:fail", (event) => {
  if (event.details.type === "suite") return;
  counts.failed++;
  failures.push(`${event.name} (${event.file ?? "?"})`);
});
stream.compose(new spec()).pipe(process.stdout);
stream.on("end", () => setTimeout(close, 200));

function close(): void {
  if (!partial) console.log(`\nLongest:\n  ${longest(12).join("\n  ")}`);
  if (failures.length > 0) console.log(`\nFailed:\n  ${failures.join("\n  ")}`);
  if (skips.length > 0) console.log(`\nSkipped:\n  ${skips.join("\n  ")}`);
  const tooFew = !partial && counts.passed + counts.failed < FLOOR;
  if (tooFew) console.log(`\nOnly ${counts.passed + counts.failed} tests ran; at least ${FLOOR} should.`);
  console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exitCode = counts.failed > 0 || tooFew ? 1 : 0;
}

function isLong(file: string): boolean {
  return LONG.some((part) => file.includes(part));
}

function longest(count: number): string[] {
  const files = [...spent].toSorted(([, one], [, other]) => other - one).slice(0, count);
  return files.map(([file, ms]) => `${(ms / 1000).toFixed(1).padStart(6)} s  ${path.relative(".", file)}`);
}

/** All `*.test.ts` under test/, or those whose path contains one of the words given. */
function findTests(words: string[]): string[] {
  const all = readdirSync("test", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => path.join("test", file))
    .sort();
  const wanted = words.length === 0 ? all : all.filter((file) => words.some((word) => file.includes(word)));
  return COMPILED ? wanted.map((file) => path.join("build", file.replace(/ts$/, "js"))) : wanted;
}
