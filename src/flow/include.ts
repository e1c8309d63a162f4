// additional_includes: files and folders from elsewhere that belong to a flow. They are merged with the flow's own files
// into a folder that lives as long as the flow is open.

import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import type * as Fflate from "fflate";
import { FlowsteadError } from "../base/error/error.ts";

export interface MergedFlow {
  directory: string;
  /** What was overwritten. */
  warnings: string[];
  remove(): void;
}

/** Folders that tools keep in a flow's, of which no copy of the flow has any. */
export const TOOL_FOLDERS: readonly string[] = [".git", ".runs", ".venv", "__pycache__"];

/** Folders that a run neither needs nor may write to. */
const LEFT_OUT = new Set([...TOOL_FOLDERS, ".promptflow"]);

/**
 * A copy of the flow's folder with the includes in it: a file by its base name, a folder with all it holds, and for
 * `x.zip` beside a folder `x` that folder as an archive. Links are followed.
 * @throws FlowsteadError `IncludeNotFound`.
 */
export function mergeIncludes(directory: string, includes: readonly string[], file: string): MergedFlow {
  const sources = includes.map((include) => findSource(directory, include, file));
  const merged = mkdtempSync(path.join(tmpdir(), "flowstead-flow-"));
  const remove = (): void => rmSync(merged, { recursive: true, force: true });
  const warnings: string[] = [];
  try {
    copy(directory, merged);
    for (const { source, archive } of sources) {
      const target = path.join(merged, path.basename(source));
      if (archive) writeFileSync(`${target}.zip`, zipFolder(source));
      else {
        if (statSync(source).isFile() && existsSync(target)) {
          warnings.push(
            `Found duplicate file in additional includes, additional include file ${source} will overwrite ${path.basename(source)}`,
          );
        }
        copy(source, target);
      }
    }
  } catch (thrown) {
    remove();
    throw thrown;
  }
  return { directory: merged, warnings, remove };
}

function findSource(directory: string, include: string, file: string): { source: string; archive: boolean } {
  const source = path.resolve(directory, include);
  if (existsSync(source)) return { source, archive: false };
  const folder = source.endsWith(".zip") ? source.slice(0, -".zip".length) : undefined;
  if (folder !== undefined && statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    return { source: folder, archive: true };
  }
  throw new FlowsteadError("IncludeNotFound", `${file}: Unable to find additional include ${include}`, {
    details: { file, include },
  });
}

function copy(source: string, target: string): void {
  const filter = (from: string): boolean => from === source || !LEFT_OUT.has(path.basename(from));
  cpSync(source, target, { recursive: true, dereference: true, force: true, filter });
}

/** An archive with the folder itself as its root. */
function zipFolder(folder: string): Uint8Array {
  const entries: Fflate.Zippable = {};
  const add = (full: string, name: string): void => {
    if (LEFT_OUT.has(path.basename(full))) return;
    if (!statSync(full).isDirectory()) entries[name] = readFileSync(full);
    else {
      entries[`${name}/`] = new Uint8Array();
      for (const child of readdirSync(full).toSorted()) add(path.join(full, child), `${name}/${child}`);
    }
  };
  add(folder, path.basename(folder));
  // Few flows include an archive; the others need not wait for its code.
  const { zipSync } = createRequire(import.meta.url)("fflate") as typeof Fflate;
  return zipSync(entries);
}
