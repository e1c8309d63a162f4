// Commands: what they print and which files they leave. Each runs as a process, in a copy of the flow's folder.

import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseJson, stringifyJson } from "../../../src/base/json.ts";
import { type Value, type ValueMap, isMap } from "../../../src/base/value.ts";
import { parseYaml } from "../../../src/base/yaml.ts";
import { CLI } from "../../program.ts";
import { type Case, type KindContext, type Kinds, Mismatch } from "../case.ts";
import { expectEqual, expectTrue } from "../compare.ts";

const KIND_OF: Readonly<Record<string, string>> = {
  OpenAIConnection: "open_ai",
  AzureOpenAIConnection: "azure_open_ai",
};

export const CLI_KINDS: Kinds = {
  cli: (testCase, context) =>
    inCopy(testCase, context, async (run) => {
      const stdout = await run(testCase.inputs["cmd"] as string);
      const { stdout_json: json, stdout: text } = testCase.expect;
      if (json !== undefined) expectEqual(parseJson(stdout), json, "stdout");
      if (typeof text === "string") expectEqual(stdout, text, "stdout");
    }),

  cli_layout: (testCase, context) =>
    inCopy(testCase, context, async (run, folder) => {
      const command = testCase.inputs["cmd"] as string;
      await run(command);
      const { files_under: under, files, contents, show } = testCase.expect;
      const name = /--name (\S+)/.exec(command)?.[1];
      const record = name === undefined ? {} : (parseJson(await run(`pf run show --name ${name}`)) as ValueMap);
      const place = String(under).startsWith("~") ? outputPath(record) : path.join(folder, String(under));
      for (const file of files as string[]) expectTrue(existsSync(path.join(place, file)), `${file} is not there`);
      for (const [file, wanted] of Object.entries((contents ?? {}) as ValueMap)) judgeFile(place, file, wanted);
      for (const [key, wanted] of Object.entries((show ?? {}) as ValueMap)) judgeField(record, key, wanted);
    }),
};

type Run = (command: string) => Promise<string>;

async function inCopy(
  { flow, needs }: Case,
  context: KindContext,
  work: (run: Run, folder: string) => Promise<void>,
): Promise<void> {
  const scratch = mkdtempSync(path.join(tmpdir(), "flowstead-case-"));
  try {
    // The flow may refer to what lies beside it.
    const source = path.resolve(context.upstream, flow ?? "");
    const parent = path.dirname(source);
    cpSync(parent, path.join(scratch, "flows"), { recursive: true, verbatimSymlinks: true });
    const folder = path.join(scratch, "flows", path.basename(source));
    const run: Run = (command) => flowstead(words(command), { folder, home: path.join(scratch, "home") }, context);
    const names = needs.filter((one) => one.startsWith("connection:")).map((one) => one.slice("connection:".length));
    for (const name of new Set([...names, ...namedConnections(folder, context)])) {
      const file = path.join(scratch, "connection.yaml");
      writeFileSync(file, stringifyJson(connectionFile(name, context)));
      await run(`pf connection create --file ${file}`);
    }
    await work(run, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Those that existed when the original was watched, and that the flow names. */
function namedConnections(folder: string, { connections }: KindContext): string[] {
  const text = readFileSync(path.join(folder, "flow.dag.yaml"), "utf8");
  return Object.keys(connections).filter((name) => new RegExp(`: ${name}$`, "m").test(text));
}

function connectionFile(name: string, { connections }: KindContext): ValueMap {
  const { type, value } = (connections[name] ?? {}) as { type?: string; value?: ValueMap };
  const kind = KIND_OF[type ?? ""];
  if (kind === undefined) throw new Mismatch(`no connection ${name} of a known type beside the cases`);
  const given = Object.entries(value ?? {}).filter(([, field]) => field !== null);
  // The original's commands were watched with a connection that names no organization, unlike its executor.
  if (kind === "open_ai") given.push(["organization", ""]);
  return { name, type: kind, api_key: "key", ...Object.fromEntries(given) };
}

function flowstead(
  args: string[],
  { folder, home }: { folder: string; home: string },
  { python, signal }: KindContext,
): Promise<string> {
  const main = [...CLI, ...args, "--home", home];
  const bin = python === undefined ? [] : [path.dirname(python)];
  const env = { PATH: [...bin, process.env["PATH"]].join(path.delimiter), HOME: home };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, main, { cwd: folder, env, signal }, (error, stdout, stderr) => {
      if (error) reject(new Mismatch(`${args.join(" ")}: ${stderr.trim() || error.message}`));
      else resolve(stdout);
    });
  });
}

/** The words of a shell line without the first, with single quotes taken off. */
function words(command: string): string[] {
  const found = command.match(/(?:[^\s']|'[^']*')+/g) ?? [];
  return found.slice(1).map((word) => word.replaceAll("'", ""));
}

function outputPath(record: ValueMap): string {
  const { properties } = record;
  return isMap(properties) ? String(properties["output_path"]) : "";
}

/** A list stands for the lines of a file; YAML and JSON are compared as values. */
function judgeFile(place: string, file: string, wanted: Value): void {
  const text = readFileSync(path.join(place, file), "utf8");
  const found = Array.isArray(wanted)
    ? text.trimEnd().split("\n").map(parseJson)
    : isMap(wanted)
      ? (parseYaml(text, file).value ?? null)
      : text;
  if (!isMap(wanted) || !isMap(found)) return expectEqual(found, wanted, file);
  for (const [key, value] of Object.entries(wanted)) expectEqual(found[key], value, `${file}: ${key}`);
}

function judgeField(record: ValueMap, key: string, wanted: Value): void {
  const found = key
    .split(".")
    .reduce<Value | undefined>((value, part) => (isMap(value) ? value[part] : undefined), record);
  if (!isMap(wanted)) return expectEqual(found, wanted, key);
  for (const [name, value] of Object.entries(wanted)) {
    expectEqual(isMap(found) ? found[name] : undefined, value, `${key}.${name}`);
  }
}
