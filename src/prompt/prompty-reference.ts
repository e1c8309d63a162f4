// `${env:NAME}` and `${file:path}` in the head of a prompty.

import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { parseJson } from "../base/json.ts";
import { type Value, isMap } from "../base/value.ts";
import { parseYaml } from "../base/yaml.ts";

export interface ReferencePlace {
  /** The folder that relative paths start from. */
  base: string;
  env: Readonly<Record<string, string | undefined>>;
}

/** Replaces references at any depth; an unset variable and an unknown kind stay as they are written. */
export function resolveReferences(value: Value, place: ReferencePlace): Value {
  if (typeof value === "string") return resolve(value, place);
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, place));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveReferences(item, place)]));
}

function resolve(text: string, { base, env }: ReferencePlace): Value {
  const match = /^\$\{(\w+):(.*)\}/.exec(text);
  const [, kind, target = ""] = match ?? [];
  if (kind === "env") return env[target] ?? text;
  return kind === "file" ? readReference(target, base) : text;
}

function readReference(target: string, base: string): Value {
  const file = path.resolve(base, target);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new FlowsteadError("InvalidPrompty", `Cannot find the reference file ${target}.`, {
      details: { file: target },
    });
  }
  const text = readFileSync(file, "utf8");
  const extension = path.extname(file).toLowerCase();
  if (extension === ".json") return parseJson(text);
  return extension === ".yml" || extension === ".yaml" ? parseYaml(text, target).value : text;
}
