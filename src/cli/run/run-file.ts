// A run's YAML file, and the keys that `--set` changes in it.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { type Value, type ValueMap, isMap } from "../../base/value.ts";
import { parseYaml } from "../../base/yaml.ts";
import { readInputs } from "../flow/input.ts";
import { pairs, readEnvFile } from "../pair.ts";

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
export interface RunFile extends Partial<Omit<z.infer<typeof fileSchema>, "environment_variables" | "init">> {
  environment_variables?: Record<string, Value> | undefined;
  init?: ValueMap | undefined;
  /** What it says that has no meaning here. */
  notes: string[];
}

/**
 * A run's file, or none, with what `--set` changes in it; paths in both are relative to the file.
 * @throws FlowsteadError `UsageError` with file and line.
 */
export async function readRunFile(file: string | undefined, set: readonly string[]): Promise<RunFile> {
  const source = file === undefined ? undefined : await parseRunFile(file);
  const changes = pairs(set);
  const written = withSet(source?.value ?? {}, changes);
  const place = (keys: (string | number)[]): string =>
    source === undefined || Object.hasOwn(changes, keys.join(".")) ? "--set" : `${file}:${source.lineOf(keys)}`;
  const parsed = fileSchema.safeParse(written);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = (issue?.path ?? []) as (string | number)[];
    throw new FlowsteadError(
      "UsageError",
      `${place(where)}: ${where.length > 0 ? `${where.join(".")}: ` : ""}${issue?.message ?? "is wrong"}.`,
    );
  }
  const beside = (location: string | undefined): string | undefined =>
    location === undefined ? undefined : path.resolve(path.dirname(file ?? "."), location);
  const { flow, data, environment_variables: environment, init, ...rest } = parsed.data;
  const unknown = Object.keys(written).filter((key) => !Object.hasOwn(fileSchema.shape, key));
  return {
    ...rest,
    // A script's file may be for a newer version of the original, which passes them over as well.
    notes: [
      ...unknown.map((key) => `${place([key])}: a run has no key ${key}; it is passed over.`),
      ...CLOUD_KEYS.filter((key) => rest[key] !== undefined).map(
        (key) => `${file ?? "--set"}: ${key} is for runs in the cloud; it has no meaning here.`,
      ),
    ],
    flow: beside(flow),
    data: beside(data),
    environment_variables: typeof environment === "string" ? readEnvFile(beside(environment) as string) : environment,
    init: typeof init === "string" ? await readInputs([beside(init) as string]) : init,
  };
}

async function parseRunFile(
  file: string,
): Promise<{ value: ValueMap; lineOf(keys: readonly (string | number)[]): number }> {
  const text = await readFile(file, "utf8").catch((cause: Error) => {
    throw new FlowsteadError("UsageError", `Cannot read ${file}: ${cause.message}`, { cause });
  });
  const { value: found, lineOf } = parseYaml(text, file);
  if (isMap(found)) return { value: found, lineOf };
  throw new FlowsteadError("UsageError", `${file}:1: a run's file holds keys such as flow and data.`);
}

/** `tags.team=x` is the key `team` of `tags`. */
function withSet(written: ValueMap, changes: Readonly<Record<string, string>>): ValueMap {
  const result: ValueMap = { ...written };
  for (const [key, text] of Object.entries(changes)) {
    const at = key.indexOf(".");
    const [name, rest] = at <= 0 ? [key, ""] : [key.slice(0, at), key.slice(at + 1)];
    const before = result[name] ?? {};
    result[name] = rest === "" ? text : withSet(isMap(before) ? before : {}, { [rest]: text });
  }
  return result;
}
