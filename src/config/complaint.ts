// What is wrong with a configuration, in words: where it stands, what has to be there, what was probably meant.

import { z } from "zod";
import { closestName } from "../base/closest-name.ts";
import { FlowsteadError } from "../base/error/error.ts";
import { isMap, type Value } from "../base/value.ts";
import type { YamlPath, YamlSource } from "../base/yaml.ts";
import { configSchema } from "./schema.ts";

interface KeySchema {
  properties?: Record<string, KeySchema>;
  additionalProperties?: KeySchema | boolean;
  items?: KeySchema;
}

/** One line per fault. @param place `file:line: ` of a setting, or nothing where no file says it */
export function complaints(error: z.ZodError, place: (key: YamlPath) => string): string[] {
  return error.issues.flatMap((issue) => {
    const key = issue.path as (string | number)[];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((name) => `${place([...key, name])}${shown([...key, name])}: ${noSetting(key, name)}`);
    }
    return [`${place(key)}${shown(key)}: ${reason(issue)}`];
  });
}

/** Before each line of the message that begins with a setting of the file: where it stands there. */
export function placedInFile(thrown: unknown, file: string, source: YamlSource): FlowsteadError {
  const error = FlowsteadError.from(thrown);
  const lines = error.message.split("\n").map((line) => {
    const key = leadingKey(line, source.value);
    return key ? `${file}:${source.lineOf(key)}: ${line}` : line;
  });
  const message = lines.join("\n");
  return message === error.message ? error : FlowsteadError.fromBody({ ...error.toBody(), message });
}

function leadingKey(line: string, settings: Value): YamlPath | undefined {
  const written = /^`?([a-z_]+(?:\.[\w-]+|\[\d+\])*)`?(?=[ :])/.exec(line)?.[1];
  if (written === undefined) return undefined;
  const key = written.split(/[.[\]]+/).filter((part) => part !== "");
  if (!isMap(settings) || !Object.hasOwn(settings, key[0] ?? "")) return undefined;
  return key.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function shown(key: YamlPath): string {
  return key.length === 0 ? "(top level)" : key.map(String).join(".");
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map of keys and values",
  record: "a map of keys and values",
};

function reason(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") {
    const expected = KINDS[issue.expected] ?? issue.expected;
    if (issue.message.endsWith("received undefined")) return `is missing; it must be ${expected}`;
    if (issue.message.endsWith("received null")) return `is empty; it must be ${expected}, or be left out`;
    return `must be ${expected}`;
  }
  if (issue.code === "invalid_value")
    return `must be ${issue.values.map((value) => `"${String(value)}"`).join(" or ")}`;
  if (issue.code === "too_small" && issue.origin !== "string")
    return `must ${issue.origin === "array" ? "have entries:" : "be"} ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`;
  if (issue.code === "too_big" && issue.origin !== "string") return `must be at most ${issue.maximum}`;
  return issue.message;
}

function noSetting(parent: YamlPath, name: string): string {
  const known = knownKeys(parent);
  const closest = closestName(name, known);
  if (closest !== undefined) return `there is no such setting; did you mean "${closest}"?`;
  return `there is no such setting${known.length > 0 ? `; there are ${known.join(", ")}` : ""}`;
}

function knownKeys(parent: YamlPath): string[] {
  const top = z.toJSONSchema(configSchema, { io: "input" }) as KeySchema;
  const schema = parent.reduce<KeySchema>((outer, part) => {
    if (typeof part === "number") return outer.items ?? {};
    const { additionalProperties: others } = outer;
    return outer.properties?.[part] ?? (typeof others === "object" ? others : {});
  }, top);
  return Object.keys(schema.properties ?? {});
}
