// What `.promptflow/flow.tools.json` says about a file of a flow: the tool's inputs, as the original finds them.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { type ValueMap, pyStr } from "../base/value.ts";
import type { PythonPool } from "../python/pool.ts";
import type { PythonParameter } from "../python/message.ts";
import { compileTemplate } from "../prompt/template.ts";
import { readSignature } from "./script/signature.ts";

/** `![image]({{ name }})`: a variable written so takes an image. */
const IMAGE_VARIABLE = /!\[\s*image\s*\]\(\{\{\s*([^{}]+)\s*\}\}\)/g;
/** `{# ... #}` on the first line. */
const LEADING_COMMENT = /^\{#((?:(?!#\}).)*)#\}/;

export interface ToolMetaContext {
  /** The flow's folder. */
  directory: string;
  python: Pick<PythonPool, "meta">;
}

/**
 * The meta of one file.
 * @param file relative to the flow's folder
 * @param type `python`, `llm`, `prompt`, `typescript` or `javascript`
 * @throws FlowsteadError `MetaFileNotFound`, `MetaFileReadError`, `JinjaParsingError`, `FlowNotSupported`, and what
 * loading a Python tool throws.
 */
export async function toolMeta(file: string, type: string, { directory, python }: ToolMetaContext): Promise<ValueMap> {
  if (type === "python") {
    readSource(file, type, directory);
    return pythonMeta(file, python);
  }
  if (type === "typescript" || type === "javascript") return scriptMeta(file, type, directory);
  if (type === "llm" || type === "prompt") {
    return { name: stem(file), ...describeTemplate(readSource(file, type, directory), type), source: file };
  }
  throw new FlowsteadError(
    "FlowNotSupported",
    `Generate tool meta failed. The type '${type}' is currently unsupported. Please choose from available types: python,llm,prompt and try again.`,
  );
}

async function pythonMeta(file: string, python: Pick<PythonPool, "meta">): Promise<ValueMap> {
  const { type = "python", ...meta } = await python.meta(file);
  return { name: stem(file), type, ...meta, source: file };
}

function scriptMeta(file: string, type: string, directory: string): ValueMap {
  const { name, description, inputs } = readSignature(readSource(file, type, directory), file);
  return {
    name: stem(file),
    type,
    ...filled(Object.entries(inputs).map(([key, parameter]) => [key, inputMeta(parameter)])),
    ...(description === undefined ? {} : { description }),
    source: file,
    function: name,
  };
}

/** The inputs of a template's text, and the comment that it begins with. @throws FlowsteadError `JinjaParsingError`. */
export function describeTemplate(text: string, type: "llm" | "prompt"): ValueMap {
  const images = new Set(Array.from(text.matchAll(IMAGE_VARIABLE), ([, name = ""]) => name.trim()));
  const inputs = undeclared(text, type).map((name): [string, ValueMap] => [
    name,
    { type: [images.has(name) ? "image" : "string"] },
  ]);
  const description = LEADING_COMMENT.exec(text)?.[1]?.trim() ?? "";
  return { type, ...filled(inputs), ...(description === "" ? {} : { description }) };
}

/** A tool without inputs says nothing about them. */
function filled(inputs: [string, ValueMap][]): { inputs?: ValueMap } {
  return inputs.length === 0 ? {} : { inputs: Object.fromEntries(inputs) };
}

function undeclared(text: string, type: string): readonly string[] {
  try {
    return compileTemplate(text).undeclaredVariables;
  } catch (thrown) {
    const { details } = FlowsteadError.from(thrown);
    const { type: kind, reason, line } = details as { type?: string; reason?: string; line?: number };
    throw new FlowsteadError(
      "JinjaParsingError",
      `Generate tool meta failed for ${type} tool. Jinja parsing failed at line ${line ?? 1}: (${kind ?? "TemplateError"}) ${reason ?? ""}`,
      { cause: thrown, details: { line } },
    );
  }
}

function readSource(file: string, type: string, directory: string): string {
  const start = `Generate tool meta failed for ${type} tool.`;
  const full = path.join(directory, file);
  if (!existsSync(full)) {
    throw new FlowsteadError("MetaFileNotFound", `${start} Meta file '${file}' can not be found.`, {
      details: { file },
    });
  }
  try {
    return readFileSync(full, "utf8");
  } catch (thrown) {
    const { name, message } = thrown as Error;
    throw new FlowsteadError("MetaFileReadError", `${start} Read meta file '${file}' failed: (${name}) ${message}`, {
      cause: thrown,
      details: { file },
    });
  }
}

function inputMeta({ type, default: value, enum: options }: PythonParameter): ValueMap {
  return {
    type,
    ...(value === undefined || value === null || value === "" ? {} : { default: pyStr(value) }),
    ...(options ? { enum: options } : {}),
  };
}

function stem(file: string): string {
  return path.basename(file, path.extname(file));
}
