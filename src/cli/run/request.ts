// What a new run is asked for: options of the command line, over a YAML file, over the run that is resumed.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { type Value, type ValueMap, isMap, pyStr } from "../../base/value.ts";
import { parseYaml } from "../../base/yaml.ts";
import type { RunRequest } from "../../run/run-info.ts";
import type { RunStore } from "../../run/run-store.ts";
import { readInputs } from "../flow/input.ts";
import type { HomeOptions } from "../option.ts";
import { nestedPairs, pairs, readEnvFile, variables } from "../pair.ts";

export interface RunCreateOptions extends HomeOptions {
  file?: string;
  flow?: string;
  data?: string;
  columnMapping?: string[];
  run?: string;
  variant?: string;
  environmentVariables?: string[] | true;
  connections?: string[];
  init?: string[];
  name?: string;
  set?: string[];
  resumeFrom?: string;
  source?: string;
  concurrency?: number;
  stream?: boolean;
  json?: boolean;
}

/** What people may change of a run at any time. */
export interface RunLabels {
  displayName?: string;
  description?: string;
  tags: Record<string, string>;
}

export interface RunWish extends RunLabels {
  name?: string | undefined;
  request: RunRequest;
  properties: Record<string, string>;
  /** What the file says that has no meaning here. */
  notes: string[];
}

const value = z.custom<Value>((given) => given !== undefined);
/** What only the original's cloud knows. */
const CLOUD_KEYS = ["resources", "identity", "runtime"] as const;
const ignored = z.unknown().optional();
const fileSchema = z.object({
  $schema: z.string().optional(),
  name: z.string().optional(),
  flow: z.string().optional(),
  data: z.string().optional(),
  run: z.string().optional(),
  column_mapping: z.record(z.string(), value).optional(),
  variant: z.string().optional(),
  environment_variables: z.union([z.record(z.string(), value), z.string()]).optional(),
  connections: z.record(z.string(), z.record(z.string(), z.string())).optional(),
  init: z.union([z.record(z.string(), value), z.string()]).optional(),
  properties: z.record(z.string(), value).optional(),
  resources: ignored,
  identity: ignored,
  runtime: ignored,
  display_name: z.string().optional(),
  description: z.string().optional(),
  tags: z.record(z.string(), value).optional(),
  resume_from: z.string().optional(),
});
type RunFile = Omit<z.infer<typeof fileSchema>, "environment_variables" | "init"> & {
  environment_variables?: Record<string, Value>;
  init?: ValueMap;
  notes: string[];
};

/** @throws FlowsteadError `UsageError`, `RunNotFoundError`. */
export async function readWish(store: RunStore, options: RunCreateOptions): Promise<RunWish> {
  const file: RunFile = options.file === undefined ? { notes: [] } : await readRunFile(options.file);
  const resumeFrom = options.resumeFrom ?? file.resume_from;
  const earlier = resumeFrom === undefined ? undefined : (await store.get(resumeFrom)).request;
  const place = options.file === undefined ? undefined : path.dirname(options.file);
  const flow = located(options.flow, place) ?? file.flow ?? earlier?.flow;
  if (flow === undefined) {
    throw new FlowsteadError("UsageError", "Which flow? Give --flow FOLDER, --file RUN.YAML or --resume-from RUN.");
  }
  const mapping: ValueMap | undefined = options.columnMapping ? pairs(options.columnMapping) : file.column_mapping;
  const environment = {
    ...earlier?.environment_variables,
    ...texts(file.environment_variables),
    ...variables(options.environmentVariables),
  };
  const labels = readLabels(options.set ?? []);
  return {
    name: options.name ?? file.name,
    ...(file.display_name === undefined ? {} : { displayName: file.display_name }),
    ...(file.description === undefined ? {} : { description: file.description }),
    ...labels,
    tags: { ...texts(file.tags), ...labels.tags },
    request: {
      flow,
      data: located(options.data, place) ?? file.data ?? earlier?.data ?? null,
      run: options.run ?? file.run ?? earlier?.run ?? null,
      column_mapping: mapping ?? earlier?.column_mapping ?? null,
      variant: options.variant ?? file.variant ?? earlier?.variant ?? null,
      environment_variables: environment,
      resume_from: resumeFrom ?? null,
      connections: merged(earlier?.connections, file.connections, nestedPairs(options.connections ?? [])),
      init: { ...earlier?.init, ...file.init, ...(await readInputs(options.init ?? [])) },
    },
    properties: texts(file.properties),
    notes: file.notes,
  };
}

/** `display_name=x description=y tags.team=z`. @throws FlowsteadError `UsageError` for another key. */
export function readLabels(words: readonly string[]): RunLabels {
  const labels: RunLabels = { tags: {} };
  for (const [key, text] of Object.entries(pairs(words))) {
    if (key === "display_name") labels.displayName = text;
    else if (key === "description") labels.description = text;
    else if (key.startsWith("tags.") && key.length > 5) labels.tags[key.slice(5)] = text;
    else {
      throw new FlowsteadError(
        "UsageError",
        `"${key}" cannot be set. Of a run, display_name, description and tags.<name> can.`,
      );
    }
  }
  return labels;
}

/** Paths in the file are relative to it. */
async function readRunFile(file: string): Promise<RunFile> {
  const text = await readFile(file, "utf8").catch((cause: Error) => {
    throw new FlowsteadError("UsageError", `Cannot read ${file}: ${cause.message}`, { cause });
  });
  const source = parseYaml(text, file);
  if (!isMap(source.value))
    throw new FlowsteadError("UsageError", `${file}:1: a run's file holds keys such as flow and data.`);
  const parsed = fileSchema.safeParse(source.value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = (issue?.path ?? []) as (string | number)[];
    throw new FlowsteadError(
      "UsageError",
      `${file}:${source.lineOf(where)}: ${where.length > 0 ? `${where.join(".")}: ` : ""}${issue?.message ?? "is wrong"}.`,
    );
  }
  const beside = (location: string | undefined): string | undefined =>
    location === undefined ? undefined : path.resolve(path.dirname(file), location);
  const { flow, data, environment_variables: environment, init, ...rest } = parsed.data;
  const unknown = Object.keys(source.value).filter((key) => !Object.hasOwn(fileSchema.shape, key));
  return {
    ...rest,
    // A script's file may be for a newer version of the original, which passes them over as well.
    notes: [
      ...unknown.map((key) => `${file}:${source.lineOf([key])}: a run has no key ${key}; it is passed over.`),
      ...CLOUD_KEYS.filter((key) => rest[key] !== undefined).map(
        (key) => `${file}: ${key} is for runs in the cloud; it has no meaning here.`,
      ),
    ],
    flow: beside(flow),
    data: beside(data),
    environment_variables: typeof environment === "string" ? readEnvFile(beside(environment) as string) : environment,
    init: typeof init === "string" ? await readInputs([beside(init) as string]) : init,
  };
}

/** Beside a run's YAML file paths are relative to it, as in the original, unless there is nothing there. */
function located(location: string | undefined, folder: string | undefined): string | undefined {
  if (location === undefined) return undefined;
  const beside = path.resolve(folder ?? "", location);
  return existsSync(beside) ? beside : path.resolve(location);
}

function merged(...all: (Record<string, Record<string, string>> | undefined)[]): RunRequest["connections"] {
  const result: RunRequest["connections"] = {};
  for (const one of all)
    for (const [node, keys] of Object.entries(one ?? {})) result[node] = { ...result[node], ...keys };
  return result;
}

function texts(values: Record<string, Value> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, given]) => [name, pyStr(given)]));
}
