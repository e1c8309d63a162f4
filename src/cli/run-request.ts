// What a new run is asked for: options of the command line, over a YAML file, over the run that is resumed.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import { type Value, type ValueMap, pyStr } from "../base/value.ts";
import { parseYaml } from "../base/yaml.ts";
import type { RunRequest } from "../run/run-info.ts";
import type { RunStore } from "../run/run-store.ts";
import { pairs } from "./pair.ts";
import type { HomeOptions } from "./option.ts";

export interface RunCreateOptions extends HomeOptions {
  file?: string;
  flow?: string;
  data?: string;
  columnMapping?: string[];
  run?: string;
  variant?: string;
  environmentVariables?: string[];
  name?: string;
  set?: string[];
  resumeFrom?: string;
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
}

const value = z.custom<Value>((given) => given !== undefined);
const fileSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().optional(),
  flow: z.string().optional(),
  data: z.string().optional(),
  run: z.string().optional(),
  column_mapping: z.record(z.string(), value).optional(),
  variant: z.string().optional(),
  environment_variables: z.record(z.string(), value).optional(),
  display_name: z.string().optional(),
  description: z.string().optional(),
  tags: z.record(z.string(), value).optional(),
  resume_from: z.string().optional(),
});
type RunFile = z.infer<typeof fileSchema>;

/** @throws FlowsteadError `UsageError`, `RunNotFoundError`. */
export async function readWish(store: RunStore, options: RunCreateOptions): Promise<RunWish> {
  const file: RunFile = options.file === undefined ? {} : await readRunFile(options.file);
  const resumeFrom = options.resumeFrom ?? file.resume_from;
  const earlier = resumeFrom === undefined ? undefined : (await store.get(resumeFrom)).request;
  const flow = absolute(options.flow) ?? file.flow ?? earlier?.flow;
  if (flow === undefined) {
    throw new FlowsteadError("UsageError", "Which flow? Give --flow FOLDER, --file RUN.YAML or --resume-from RUN.");
  }
  const mapping: ValueMap | undefined = options.columnMapping ? pairs(options.columnMapping) : file.column_mapping;
  const variables = {
    ...earlier?.environment_variables,
    ...texts(file.environment_variables),
    ...pairs(options.environmentVariables ?? []),
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
      data: absolute(options.data) ?? file.data ?? earlier?.data ?? null,
      run: options.run ?? file.run ?? earlier?.run ?? null,
      column_mapping: mapping ?? earlier?.column_mapping ?? null,
      variant: options.variant ?? file.variant ?? earlier?.variant ?? null,
      environment_variables: variables,
      resume_from: resumeFrom ?? null,
    },
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
  const { flow, data, ...rest } = parsed.data;
  return { ...rest, flow: beside(flow), data: beside(data) };
}

function absolute(location: string | undefined): string | undefined {
  return location === undefined ? undefined : path.resolve(location);
}

function texts(values: Record<string, Value> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, given]) => [name, pyStr(given)]));
}
