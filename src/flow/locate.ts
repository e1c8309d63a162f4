// Which file is the flow, of what a user names.

import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";

export interface FlowLocation {
  directory: string;
  file: string;
  /** The function or class that is the whole flow, where it was named in place of a file. */
  entry?: string;
}

const ENTRY = /^[a-zA-Z0-9_.]+:[a-zA-Z0-9_]+$/;

/** Whether a text has the form of `module:function` or `module:Class`; the module may have dots. */
export function isEntry(text: string): boolean {
  return ENTRY.test(text);
}

/**
 * A flow's folder and file from the path of either; a folder without flow file may have one .prompty. In place of a file,
 * `module:function` names code in the folder, the working folder where none stands before it.
 * @throws FlowsteadError `FlowNotFound`; `FlowDefinitionError` for a folder with several flow files.
 */
export function locateFlow(source: string): FlowLocation {
  const full = path.resolve(source);
  if (!existsSync(full)) return locateEntry(source, full);
  if (!statSync(full).isDirectory()) {
    if (!/\.(ya?ml|prompty)$/.test(full)) throw notDag(source);
    return { directory: path.dirname(full), file: full };
  }
  const candidates = ["flow.dag.yaml", "flow.dag.yml", "flow.flex.yaml", "flow.flex.yml"].map((name) =>
    path.join(full, name),
  );
  const [file, ...more] = candidates.filter((candidate) => existsSync(candidate));
  if (more.length > 0) throw ambiguous(source, [file ?? "", ...more]);
  if (file) return { directory: full, file };
  const prompties = readdirSync(full).filter((name) => name.endsWith(".prompty"));
  if (prompties.length === 1) return { directory: full, file: path.join(full, prompties[0] ?? "") };
  throw new FlowsteadError("FlowNotFound", `Flow file ${path.join(source, "flow.dag.yaml")} does not exist.`);
}

/** As in the original, a flow.flex.yaml that is beside the code says nothing about it. */
function locateEntry(source: string, full: string): FlowLocation {
  const directory = path.dirname(full);
  const entry = path.basename(full);
  if (!isEntry(entry) || !existsSync(directory))
    throw new FlowsteadError("FlowNotFound", `Flow path ${source} does not exist.`, { details: { path: source } });
  const [module = ""] = entry.split(":");
  return { directory, file: `${path.join(directory, ...module.split("."))}.py`, entry };
}

function ambiguous(source: string, files: readonly string[]): FlowsteadError {
  const names = files.map((file) => path.basename(file)).join(", ");
  return new FlowsteadError(
    "FlowDefinitionError",
    `Multiple files ${names} exist in ${source}. Please specify a file or remove the extra YAML file.`,
    { details: { path: source } },
  );
}

function notDag(source: string): FlowsteadError {
  return new FlowsteadError(
    "FlowNotSupported",
    `${source}: it is no flow.dag.yaml, no flow.flex.yaml and no .prompty.`,
  );
}
