// The sample of a prompty: values to try it with, and its inputs where it declares none.

import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { parseJson } from "../base/json.ts";
import { type Value, type ValueMap, isFloat, isInt, isMap, truthy } from "../base/value.ts";

/**
 * A mapping, or the name of a JSON file beside the prompty, also as `file:NAME`. Where the head declares inputs, a sample that
 * is neither is as good as none. @throws FlowsteadError `InvalidSampleError`.
 */
export function readSample(written: Value | undefined, folder: string, isDeclared: boolean): ValueMap | null {
  if (isMap(written)) return written;
  if (written === undefined || !truthy(written)) return null;
  const name = typeof written === "string" && written.endsWith(".json") ? written.replace(/^file:/, "") : undefined;
  const file = name === undefined ? undefined : path.resolve(folder, name);
  const isThere = file !== undefined && statSync(file, { throwIfNoEntry: false })?.isFile();
  const value = isThere ? parseJson(readFileSync(file, "utf8")) : undefined;
  if (isMap(value)) return value;
  if (isDeclared) return null;
  const missing = name !== undefined && !isThere;
  throw new FlowsteadError(
    "InvalidSampleError",
    missing ? `Cannot find sample file ${name}.` : "Only dict and json file are supported as sample in prompty.",
  );
}

/** The type of an input, by a value of it. */
export function typeOf(value: Value): string {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  if (Array.isArray(value)) return "list";
  if (isFloat(value)) return "double";
  return isInt(value) ? "int" : "object";
}
