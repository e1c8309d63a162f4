// Sources that list all their files at once, without folders: what is left out of them is the same as of a folder.

import { ACL_ENDING, ACL_FILE } from "../access.ts";
import { IGNORE_FILE, ignoreRules } from "../ignore.ts";
import type { FoundFile, Scan } from "./source.ts";

const LEFT_OUT = new Set(["node_modules", "__MACOSX"]);

/** Sorts out what is hidden or left out by ignore files, whose text `read` gives. */
export async function flatScan(
  scope: string,
  found: readonly FoundFile[],
  read: (file: string) => Promise<string | undefined>,
): Promise<Scan> {
  const scan: Scan = { files: [], skipped: [] };
  const rules = new Map<string, (below: string) => boolean>();
  for (const { file } of found) {
    if (nameOf(file) !== IGNORE_FILE) continue;
    const rule = ignoreRules((await read(file)) ?? "");
    if (rule) rules.set(file.slice(0, -IGNORE_FILE.length), rule);
  }
  for (const one of found) {
    const { file } = one;
    if (file.endsWith("/") || isSidecar(nameOf(file))) continue;
    const parts = file.slice(scope.length).split("/").filter(Boolean);
    const isIgnored = [...rules].some(([folder, rule]) => file.startsWith(folder) && anyPart(file, folder, rule));
    if (isIgnored) scan.skipped.push({ file, reason: `left out by ${IGNORE_FILE}` });
    else if (parts.some((part) => part.startsWith(".") || part.startsWith("~$")))
      scan.skipped.push({ file, reason: "hidden" });
    else if (parts.some((part) => LEFT_OUT.has(part))) {
      scan.skipped.push({ file, reason: "not a folder of documents" });
    } else scan.files.push(one);
  }
  scan.files.sort((a, b) => (a.file < b.file ? -1 : 1));
  return scan;
}

/** A rule that leaves out a folder leaves out what is below it. */
function anyPart(file: string, folder: string, rule: (below: string) => boolean): boolean {
  const parts = file.slice(folder.length).split("/");
  return parts.some((_part, at) => rule(parts.slice(0, at + 1).join("/")));
}

function isSidecar(name: string): boolean {
  return name === IGNORE_FILE || name === ACL_FILE || name.endsWith(ACL_ENDING);
}

function nameOf(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1);
}
