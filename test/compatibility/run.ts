// Runs one example with the command line, as a person would, against the fake model.

import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseJson, stringifyJson } from "../../src/base/json.ts";
import { type ValueMap, isMap } from "../../src/base/value.ts";
import { parseYaml } from "../../src/base/yaml.ts";
import type { Example } from "./example.ts";
import type { Facts } from "./fact.ts";

export interface Surroundings {
  /** The checkout, or a copy of it: flows may write into their folders. */
  upstream: string;
  /** State folder with the connections. */
  home: string;
  /** Variables of the process. */
  env: Record<string, string>;
  /** For the files of a run. */
  scratch: string;
}

export interface Outcome {
  passed: boolean;
  /** How it was run: `flow test`, or `run create` over so many rows. */
  how: string;
  /** What went wrong, in one line. */
  reason?: string;
}

const RUN_MS = 240_000;

export function runExample(example: Example, facts: Facts, surroundings: Surroundings): Promise<Outcome> {
  const flow = path.join(surroundings.upstream, example.name);
  const folder = example.kind === "prompty" ? path.dirname(flow) : flow;
  if (facts.prepare !== undefined) execFileSync("python3", [facts.prepare], { cwd: folder, env: surroundings.env });
  if (facts.data !== undefined) return runBatch({ flow, data: path.join(folder, facts.data) }, facts, surroundings);
  if (facts.overrides === undefined) return testOnce({ flow, folder }, facts, surroundings);
  // Values for nodes are given to runs only.
  return runBatch({ flow, data: jsonFile(surroundings, "row.jsonl", facts.inputs ?? {}) }, facts, surroundings);
}

/** Writes values into the nodes of the copy's flow.dag.yaml: `connection` of the node itself, other keys of its inputs. */
export function fillBlanks(flow: string, blanks: Readonly<Record<string, string>>): void {
  const file = path.join(flow, "flow.dag.yaml");
  const { document } = parseYaml(readFileSync(file, "utf8"), file);
  const nodes = (document.toJS() as { nodes: { name: string }[] }).nodes.map(({ name }) => name);
  for (const [blank, value] of Object.entries(blanks)) {
    const [node = "", key = ""] = blank.split(".");
    const place = ["nodes", nodes.indexOf(node)];
    document.setIn(key === "connection" ? [...place, key] : [...place, "inputs", key], value);
  }
  writeFileSync(file, document.toString({ lineWidth: 0 }));
}

async function testOnce(
  { flow, folder }: { flow: string; folder: string },
  facts: Facts,
  surroundings: Surroundings,
): Promise<Outcome> {
  const args = ["flow", "test", "--flow", flow, "--detail", path.join(surroundings.scratch, "detail"), "--json"];
  const inputs = facts.inputs ?? sampleInputs(folder);
  if (inputs) args.push("--inputs", jsonFile(surroundings, "inputs.json", inputs));
  if (facts.init) args.push("--init", jsonFile(surroundings, "init.json", facts.init));
  const { status, stdout, stderr } = await command(args, surroundings, facts.env);
  const how = facts.blanks === undefined ? "flow test" : "flow test, its blanks filled";
  if (status === 0) return { passed: true, how };
  return { passed: false, how, reason: firstLine(stderr || stdout) };
}

/** A batch passes when every line and the aggregation did. */
async function runBatch(
  { flow, data }: { flow: string; data: string },
  facts: Facts,
  surroundings: Surroundings,
): Promise<Outcome> {
  const mapping = Object.entries(facts.mapping ?? {}).map(([name, value]) => `${name}=${value}`);
  const output = path.join(surroundings.scratch, "output");
  const args = ["run", "create", "--flow", flow, "--data", data, "--name", `r${Date.now()}`, "--json"];
  if (mapping.length > 0) args.push("--column-mapping", ...mapping);
  const overrides = Object.entries(facts.overrides ?? {}).map(([name, value]) => `${name}=${value}`);
  if (overrides.length > 0) args.push("--connections", ...overrides);
  if (facts.init) args.push("--init", jsonFile(surroundings, "init.json", facts.init));
  const { status, stdout, stderr } = await command(args, surroundings, facts.env);
  const how = overrides.length > 0 ? "run create --connections" : "run create";
  const record = status === 0 ? parseJson(stdout) : null;
  if (!isMap(record)) return { passed: false, how, reason: firstLine(stderr || stdout) };
  const properties = isMap(record["properties"]) ? record["properties"] : {};
  const place = typeof properties["output_path"] === "string" ? properties["output_path"] : output;
  const errors = path.join(place, "error.json");
  const reason = existsSync(errors) ? firstMessage(readFileSync(errors, "utf8")) : undefined;
  if (reason !== undefined || record["status"] !== "Completed") {
    return { passed: false, how, reason: reason ?? `status ${String(record["status"])}` };
  }
  const metrics = path.join(place, "metrics.json");
  const names = existsSync(metrics) ? Object.keys(parseJson(readFileSync(metrics, "utf8")) as ValueMap) : [];
  return { passed: true, how: names.length > 0 ? `${how}, metrics ${names.join(", ")}` : how };
}

interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `flowstead` with these words, compiled as it is installed. */
export function command(
  args: readonly string[],
  { env, home, scratch }: Surroundings,
  more: Record<string, string> = {},
): Promise<Ended> {
  const words = [path.resolve("dist/cli/main.js"), ...args, "--home", home];
  const options = { env: { ...env, ...more }, cwd: scratch, timeout: RUN_MS, maxBuffer: 1 << 28 };
  return new Promise((resolve) => {
    execFile(process.execPath, words, options, (error, stdout, stderr) => {
      const status = error ? (typeof error.code === "number" ? error.code : null) : 0;
      resolve({ status, stdout, stderr: error?.killed ? `no end within ${RUN_MS / 1000} s\n${stderr}` : stderr });
    });
  });
}

/** `sample.json`, or the first row of `data.jsonl`. */
function sampleInputs(folder: string): ValueMap | undefined {
  const sample = path.join(folder, "sample.json");
  if (existsSync(sample)) return parseJson(readFileSync(sample, "utf8")) as ValueMap;
  const data = path.join(folder, "data.jsonl");
  if (!existsSync(data)) return undefined;
  return parseJson(readFileSync(data, "utf8").split("\n", 1)[0] ?? "{}") as ValueMap;
}

function jsonFile({ scratch }: Surroundings, name: string, value: ValueMap): string {
  mkdirSync(scratch, { recursive: true });
  const file = path.join(scratch, name);
  writeFileSync(file, stringifyJson(value));
  return file;
}

function firstLine(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("warning:"));
  return (lines.find((line) => /error|fail/i.test(line)) ?? lines[0] ?? "no message").trim().slice(0, 400);
}

function firstMessage(text: string): string {
  return firstLine(/"message": ?"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text);
}
