// Runs the examples of a checkout of the original against the fake model and reports which of them pass:
//
//   npm run compatibility -- --upstream DIR [--report FILE] [--only TEXT] [--environments DIR] [--python FILE] [--tiktoken DIR]
//
// Packages that flows ask for are installed into virtual environments in the folder `--environments`. In the folder `--tiktoken`,
// which is TIKTOKEN_CACHE_DIR when absent, tiktoken finds the encodings that it else downloads.

import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { startFakeModel } from "../../src/model/fake/server.ts";
import { prepareConnections } from "./connection.ts";
import { type Example, findExamples } from "./example.ts";
import { FACTS, type Facts, SITE } from "./fact.ts";
import { prepareGuideIndex } from "./guide-index.ts";
import { type Outcome, type Surroundings, fillBlanks, runExample } from "./run.ts";
import { startSite } from "./site.ts";
import { environmentFor } from "./venv.ts";

export interface ReportEntry extends Example {
  result: "pass" | "fail" | "not run";
  how?: string;
  reason?: string;
}

const { values } = parseArgs({
  options: {
    upstream: { type: "string" },
    report: { type: "string" },
    only: { type: "string", default: "" },
    environments: { type: "string", default: path.join(tmpdir(), "flowstead-environments") },
    python: { type: "string", default: "python3" },
    tiktoken: { type: "string", default: process.env["TIKTOKEN_CACHE_DIR"] },
  },
});
if (values.upstream === undefined) {
  console.error(
    "Usage: npm run compatibility -- --upstream DIR [--report FILE] [--only TEXT] [--environments DIR] [--python FILE] [--tiktoken DIR]",
  );
  process.exit(2);
}

const scratch = mkdtempSync(path.join(tmpdir(), "flowstead-compatibility-"));
// As long as those of text-embedding-ada-002, for which flows make room in indexes of their own.
const model = await startFakeModel({ script: { dimensions: 1536 } });
const site = await startSite();
const report: ReportEntry[] = [];
try {
  const copy = path.join(scratch, "checkout");
  cpSync(path.join(values.upstream, "examples"), path.join(copy, "examples"), {
    recursive: true,
    verbatimSymlinks: true,
  });
  const home = path.join(scratch, "home");
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: scratch,
    AZURE_OPENAI_ENDPOINT: model.url,
    AZURE_OPENAI_API_BASE: model.url,
    AZURE_OPENAI_API_KEY: "fake",
    AZURE_OPENAI_DEPLOYMENT: "gpt-4o",
    OPENAI_API_VERSION: "2024-02-01",
    ...(values.tiktoken !== undefined && { TIKTOKEN_CACHE_DIR: path.resolve(values.tiktoken) }),
  };
  await prepareConnections({ upstream: copy, home, env, scratch }, model.url);
  for (const example of findExamples(copy).filter(({ name }) => name.includes(values.only))) {
    const entry = await judge(example, atSite(FACTS[example.name] ?? {}), { upstream: copy, home, env, scratch });
    report.push(entry);
    console.log(
      `${entry.result.padEnd(7)}  ${entry.name}${entry.reason === undefined ? "" : `\n         ${entry.reason}`}`,
    );
  }
} finally {
  await model.close();
  await site.close();
  rmSync(scratch, { recursive: true, force: true });
}
async function judge(example: Example, facts: Facts, surroundings: Surroundings): Promise<ReportEntry> {
  if (facts.needs !== undefined) return { ...example, result: "not run", reason: facts.needs };
  model.reset();
  if (facts.replies) model.script({ replies: facts.replies });
  let outcome: Outcome;
  try {
    const { environments, python } = values;
    const interpreter = environmentFor([...example.packages, ...(facts.pins ?? [])], {
      folder: environments,
      python,
      checkout: surroundings.upstream,
    });
    if (facts.blanks !== undefined) fillBlanks(path.join(surroundings.upstream, example.name), facts.blanks);
    // As in a shell where the environment is active.
    const env = {
      ...surroundings.env,
      ...(facts.guides && { FLOWSTEAD_CONFIG: await prepareGuides(surroundings) }),
      PATH: [path.dirname(interpreter), surroundings.env["PATH"]].join(path.delimiter),
    };
    outcome = await runExample(example, facts, { ...surroundings, env });
  } catch (thrown) {
    outcome = { passed: false, how: "", reason: (thrown as Error).message };
  }
  const { passed, how, reason } = outcome;
  const host = /host='([^']+)'.*(Failed to resolve|Name or service not known)/.exec(reason ?? "")?.[1];
  if (host !== undefined) {
    return { ...example, result: "not run", reason: `needs the Internet: ${host} could not be reached` };
  }
  return { ...example, result: passed ? "pass" : "fail", how, ...(reason === undefined ? {} : { reason }) };
}

/** The configuration with which the index of guides is looked up. */
function prepareGuides(surroundings: Surroundings): Promise<string> {
  const { environments, python, upstream = "" } = values;
  const place = { folder: environments, python, checkout: surroundings.upstream };
  return prepareGuideIndex(surroundings, {
    guides: path.join(upstream, "docs/concepts"),
    interpreter: environmentFor(["faiss-cpu"], place),
    address: `${model.url}/v1`,
  });
}

function atSite(facts: Facts): Facts {
  return JSON.parse(JSON.stringify(facts).replaceAll(SITE, site.url)) as Facts;
}

const count = (result: ReportEntry["result"]): number => report.filter((entry) => entry.result === result).length;
if (values.report !== undefined) writeFileSync(values.report, `${JSON.stringify(report, null, 1)}\n`);
console.log(`\n${count("pass")} passed, ${count("fail")} failed, ${count("not run")} not run`);
process.exit(report.length > 0 && count("fail") === 0 ? 0 : 1);
