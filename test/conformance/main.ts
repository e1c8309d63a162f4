// Runs conformance cases against the real code:
//
//   node --import tsx test/conformance/main.ts --cases FILE.jsonl --upstream DIR [--only KIND] [--id TEXT]
//     [--python FILE] [--attempts N] [--jobs N] [--observed] [--report OUT.json] [--quiet]
//
// Prints a table per kind and, last, `N passed, M failed`. A kind that nothing runs counts as failed. A flow that draws by
// chance is run up to `--attempts` times (5), and the table says so. Where a case asserts what the original itself was seen
// to miss, all that was seen of it has to be equal instead; with `--observed` so it is for every batch case.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { parseJson } from "../../src/base/json.ts";
import type { ValueMap } from "../../src/base/value.ts";
import { type Case, isContradicted, readCases } from "./case.ts";
import { KINDS } from "./kind/index.ts";
import { startRecordedServer } from "./recorded-server.ts";
import { readRecordings } from "./recording.ts";

const CASE_TIMEOUT_MS = 60_000;

interface Outcome {
  id: string;
  kind: string;
  tier: string;
  passed: boolean;
  reason?: string;
  /** Runs it took, where chance decides. */
  attempts?: number;
  /** Whether it was judged by all that was seen of the original. */
  observed?: boolean;
}

const { values } = parseArgs({
  options: {
    cases: { type: "string" },
    upstream: { type: "string", default: "." },
    only: { type: "string" },
    id: { type: "string" },
    python: { type: "string" },
    attempts: { type: "string", default: "5" },
    jobs: { type: "string", default: "1" },
    observed: { type: "boolean", default: false },
    report: { type: "string" },
    quiet: { type: "boolean", default: false },
  },
});
if (values.cases === undefined) {
  console.error(
    "Usage: main.ts --cases FILE.jsonl --upstream DIR [--only KIND] [--id TEXT] [--python FILE] [--report OUT.json] [--quiet]",
  );
  process.exit(2);
}

const chosen = readCases(readFileSync(values.cases, "utf8")).filter(
  ({ kind, id }) =>
    (values.only === undefined || kind === values.only) && (values.id === undefined || id.includes(values.id)),
);
const beside = path.dirname(path.resolve(values.cases));
const connections = readConnections(path.join(beside, "connections.json"));
const recordings = readRecordings(path.join(beside, "recordings.jsonl"));
const { port: modelPort } = await startRecordedServer(recordings);
const outcomes: Outcome[] = [];
const places = chosen.entries();
await Promise.all(Array.from({ length: Number(values.jobs) }, judgeInTurn));
print(outcomes);
if (values.report !== undefined) writeFileSync(values.report, `${JSON.stringify(outcomes, null, 1)}\n`);
process.exit(chosen.length > 0 && outcomes.every(({ passed }) => passed) ? 0 : 1);

/** Takes the next case until none is left. */
async function judgeInTurn(): Promise<void> {
  for (const [place, testCase] of places) outcomes[place] = await judgeByChance(testCase);
}

/** A flow whose outcome is drawn by chance may be run again; no other may. */
async function judgeByChance(testCase: Case): Promise<Outcome> {
  const outcome = await judge(testCase);
  if (outcome.passed || !/random/.test(testCase.flow ?? "")) return outcome;
  let last = outcome;
  let attempts = 1;
  while (!last.passed && attempts < Number(values.attempts)) {
    last = await judge(testCase);
    attempts += 1;
  }
  return { ...last, attempts };
}

async function judge(testCase: Case): Promise<Outcome> {
  const { id, kind, tier } = testCase;
  const run = KINDS[kind];
  if (!run) return { id, kind, tier, passed: false, reason: `nothing runs the kind ${kind} yet` };
  try {
    const signal = AbortSignal.timeout(CASE_TIMEOUT_MS);
    await within(
      Promise.resolve(
        run(testCase, {
          upstream: values.upstream,
          python: values.python,
          whole: values.observed,
          connections,
          recordings,
          modelPort,
          signal,
        }),
      ),
      signal,
    );
    return { id, kind, tier, passed: true, ...(isContradicted(testCase) ? { observed: true } : {}) };
  } catch (thrown) {
    return { id, kind, tier, passed: false, reason: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

function readConnections(file: string): ValueMap {
  return existsSync(file) ? (parseJson(readFileSync(file, "utf8")) as ValueMap) : {};
}

/** Fails when the signal fires first, also where the work does not listen to it. */
function within(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error(`no result after ${CASE_TIMEOUT_MS} ms`)), { once: true });
    work.then(resolve, reject);
  });
}

function print(all: readonly Outcome[]): void {
  if (!values.quiet) {
    for (const { id, passed, reason } of all) if (!passed) console.log(`FAIL ${id}\n     ${reason}`);
  }
  const kinds = [...new Set(all.map(({ kind }) => kind))].sort();
  const width = Math.max(4, ...kinds.map((kind) => kind.length));
  console.log(`\n${"kind".padEnd(width)}  passed  failed`);
  for (const kind of kinds) {
    const mine = all.filter((outcome) => outcome.kind === kind);
    const passed = mine.filter((outcome) => outcome.passed).length;
    console.log(`${kind.padEnd(width)}  ${String(passed).padStart(6)}  ${String(mine.length - passed).padStart(6)}`);
  }
  const passed = all.filter((outcome) => outcome.passed).length;
  for (const { id, attempts } of all) if (attempts) console.log(`\nby chance, run ${attempts} times: ${id}`);
  for (const { id, observed } of all) if (observed) console.log(`\njudged by all that was seen of the original: ${id}`);
  console.log(`\n${passed} passed, ${all.length - passed} failed`);
}
