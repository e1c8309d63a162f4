// Takes each claim's behaviour out of a copy of the project and runs the tests that must fail then:
//
//   npm run mutation -- [WORD ...] [--jobs N]
//
// Words choose claims, files and tests that contain one of them. Ends with 1 where a mutation survives.

import { parseArgs } from "node:util";
import { type Copy, copyProject } from "./copy.ts";
import { type Mutation, readTables } from "./table.ts";

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: "string", default: "1" } },
});
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort(new Error("stopped")));

const left = readTables().flatMap(({ point, claims }) =>
  claims.flatMap(({ claim, mutations }) => mutations.map((mutation) => ({ point, claim, mutation }))),
);
const chosen = left.filter((one) => words.length === 0 || words.some((word) => JSON.stringify(one).includes(word)));
const total = chosen.length;
const counts = { killed: 0, survived: 0, invalid: 0 };
/** By test file, how long it takes while nothing is edited; undefined where it fails then, so that its failure proves nothing. */
const sound = new Map<string, Promise<number | undefined>>();
const LONGEST_MS = 240_000;
/** So much longer may a test take with an edit before it counts as hanging. */
const PATIENCE = { times: 3, plusMs: 20_000 };

const jobs = Math.max(1, Math.min(Number(values.jobs) || 1, total));
const results = await Promise.allSettled(Array.from({ length: jobs }, () => work()));
const failed = results.find((result) => result.status === "rejected");
if (failed) console.log(`\n${String((failed.reason as Error).message)}; ${chosen.length} were not run`);
console.log(`\n${counts.killed} killed, ${counts.survived} survived, ${counts.invalid} invalid`);
process.exitCode = failed || total === 0 || counts.killed < total ? 1 : 0;

async function work(): Promise<void> {
  const copy = copyProject(stop.signal);
  try {
    for (let next = chosen.shift(); next; next = chosen.shift()) {
      const verdict = await judge(next.mutation, copy);
      counts[verdict]++;
      console.log(`${verdict.padEnd(8)}  ${next.point}  ${next.claim}`);
      if (verdict !== "killed") console.log(`          ${next.mutation.file}: ${next.mutation.find}`);
    }
  } finally {
    copy.remove();
  }
}

async function judge(mutation: Mutation, copy: Copy): Promise<keyof typeof counts> {
  const tests: { file: string; longestMs: number }[] = [];
  for (const file of mutation.test) {
    if (!sound.has(file)) sound.set(file, usualMs(file, copy));
    const ms = await sound.get(file);
    if (ms === undefined) return "invalid";
    tests.push({ file, longestMs: ms * PATIENCE.times + PATIENCE.plusMs });
  }
  return copy.withEdit(mutation, async () => {
    for (const { file, longestMs } of tests) if (!(await copy.passes(file, longestMs))) return "killed";
    return "survived";
  });
}

async function usualMs(file: string, copy: Copy): Promise<number | undefined> {
  const from = performance.now();
  return (await copy.passes(file, LONGEST_MS)) ? performance.now() - from : undefined;
}
