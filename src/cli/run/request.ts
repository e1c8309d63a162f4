// What a new run is asked for: options of the command line, over a YAML file, over the run that is resumed.

import { existsSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { type Value, pyStr } from "../../base/value.ts";
import type { RunRequest } from "../../run/run-info.ts";
import type { RunStore } from "../../run/run-store.ts";
import { readInputs } from "../flow/input.ts";
import type { HomeOptions } from "../option.ts";
import { nestedPairs, pairs, variables } from "../pair.ts";
import { type RunFile, readRunFile } from "./run-file.ts";

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

/** @throws FlowsteadError `UsageError`, `RunNotFoundError`. */
export async function readWish(store: RunStore, options: RunCreateOptions): Promise<RunWish> {
  const file = await readRunFile(options.file, options.set ?? []);
  const given = await fromOptions(options);
  // Options win over a file and over what is set in it; without a file, what is set wins, as in the original.
  const [first, second] = options.file === undefined ? [file, given] : [given, file];
  const resumeFrom = first.resume_from ?? second.resume_from;
  const earlier = resumeFrom === undefined ? undefined : (await store.get(resumeFrom)).request;
  const flow = first.flow ?? second.flow ?? earlier?.flow;
  if (flow === undefined) {
    throw new FlowsteadError("UsageError", "Which flow? Give --flow FOLDER, --file RUN.YAML or --resume-from RUN.");
  }
  return {
    name: first.name || second.name || undefined,
    ...(file.display_name === undefined ? {} : { displayName: file.display_name }),
    ...(file.description === undefined ? {} : { description: file.description }),
    tags: texts(file.tags),
    request: {
      flow,
      data: first.data ?? second.data ?? earlier?.data ?? null,
      run: first.run ?? second.run ?? earlier?.run ?? null,
      column_mapping: first.column_mapping ?? second.column_mapping ?? earlier?.column_mapping ?? null,
      variant: first.variant ?? second.variant ?? earlier?.variant ?? null,
      environment_variables: {
        ...earlier?.environment_variables,
        ...texts(second.environment_variables),
        ...texts(first.environment_variables),
      },
      resume_from: resumeFrom ?? null,
      connections: merged(earlier?.connections, second.connections, first.connections),
      init: { ...earlier?.init, ...second.init, ...first.init },
    },
    properties: texts(file.properties),
    notes: file.notes,
  };
}

type Given = Omit<RunFile, "notes">;

async function fromOptions(options: RunCreateOptions): Promise<Given> {
  const place = options.file === undefined ? undefined : path.dirname(options.file);
  const { name, run, variant, resumeFrom } = options;
  return {
    name,
    run,
    variant,
    resume_from: resumeFrom,
    flow: located(options.flow, place),
    data: located(options.data, place),
    column_mapping: options.columnMapping && pairs(options.columnMapping),
    environment_variables: variables(options.environmentVariables),
    connections: nestedPairs(options.connections ?? []),
    init: await readInputs(options.init ?? []),
  };
}

/** `display_name=x description=y tags.team=z`; whatever else stands there is told in `notes`, as in the original. */
export function readLabels(words: readonly string[]): RunLabels & { notes: string[] } {
  const labels: RunLabels & { notes: string[] } = { tags: {}, notes: [] };
  for (const [key, text] of Object.entries(pairs(words))) {
    if (key === "display_name") labels.displayName = text;
    else if (key === "description") labels.description = text;
    else if (key.startsWith("tags.") && key.length > 5) labels.tags[key.slice(5)] = text;
    else {
      labels.notes.push(
        `"${key}" cannot be set and is passed over: of a run, display_name, description and tags.<name> can.`,
      );
    }
  }
  return labels;
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
