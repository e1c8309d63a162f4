// Where in the author's files an error is: the engine names nodes, a person wants the file and the line.

import { readFileSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { isMap } from "../../base/value.ts";
import { parseYaml } from "../../base/yaml.ts";
import { locateFlow } from "../../flow/locate.ts";

/** The error with a line `at FILE:LINE` for the code or template that failed, and one for its node in the flow file. */
export function withPlaces(thrown: unknown, source: string): FlowsteadError {
  const error = FlowsteadError.from(thrown);
  const places = [codePlace(error, source), flowPlace(error, source)].filter((place) => place !== undefined);
  const remedy = error.details?.["remedy"];
  const advice = typeof remedy === "string" ? [`  ${remedy}`] : [];
  if (places.length + advice.length === 0) return error;
  return FlowsteadError.fromBody({
    ...error.toBody(),
    message: [error.message, ...places.map((place) => `  at ${place}`), ...advice].join("\n"),
  });
}

/** `file:line` of an error: the line of the code that failed, else of the flow file. @param line the node's, if known */
export function errorPlace(error: FlowsteadError, source: string, line?: number): string | undefined {
  const inCode = codePlace(error, source);
  if (inCode !== undefined) return inCode;
  const { file } = tryLocate(source) ?? {};
  if (line !== undefined && file !== undefined) return `${shortest(file)}:${line}`;
  return flowPlace(error, source)?.replace(/ \(.*\)$/, "") ?? /^[^\s:]+\.ya?ml:\d+(?=:)/.exec(error.message)?.[0];
}

/** The author's own line of Python, not that of a library which it called; or the line of a template. */
function codePlace({ details = {} }: FlowsteadError, source: string): string | undefined {
  const { filename, lineno, traceback, file, line, inner } = details;
  const { directory } = tryLocate(source) ?? {};
  if (directory === undefined) return undefined;
  if (typeof traceback === "string") {
    const frames = [...traceback.matchAll(/^ {2}File "([^"]+)", line (\d+)/gm)];
    const own = frames.findLast(([, name = ""]) => name.startsWith(directory + path.sep));
    if (own?.[1] !== undefined) return `${shortest(own[1])}:${own[2]}`;
  }
  if (typeof filename === "string" && typeof lineno === "number") return `${shortest(filename)}:${lineno}`;
  if (inner !== "JinjaTemplateError" || typeof file !== "string" || typeof line !== "number") return undefined;
  return `${shortest(path.join(directory, file))}:${line}`;
}

function flowPlace({ details = {}, message }: FlowsteadError, source: string): string | undefined {
  const { node, output, input } = details;
  const { file, entry } = tryLocate(source) ?? {};
  if (file === undefined || entry !== undefined || file.endsWith(".prompty") || message.startsWith(path.basename(file)))
    return undefined;
  const { value, lineOf } = parseYaml(readFileSync(file, "utf8"), file);
  const at = (line: number, what: string): string => `${shortest(file)}:${line} (${what})`;
  if (typeof node === "string" && isMap(value) && Array.isArray(value["nodes"])) {
    const index = value["nodes"].findIndex((entry) => isMap(entry) && entry["name"] === node);
    return index < 0 ? undefined : at(lineOf(["nodes", index]), `node ${node}`);
  }
  if (typeof output === "string") return at(lineOf(["outputs", output]), `output ${output}`);
  return typeof input === "string" ? at(lineOf(["inputs", input]), `input ${input}`) : undefined;
}

function tryLocate(source: string): ReturnType<typeof locateFlow> | undefined {
  try {
    return locateFlow(source);
  } catch {
    return undefined;
  }
}

/** From the working folder when the file is below it. */
function shortest(file: string): string {
  const relative = path.relative("", file);
  return relative.startsWith("..") ? file : relative;
}
