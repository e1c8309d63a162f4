// A copy of the flow as it was when the run began.

import { copyFile, mkdir, readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { TOOL_FOLDERS } from "../flow/include.ts";

/** A snapshot is read and not run, so packages are left out; what the original keeps under `.promptflow` is the flow's. */
const LEFT_OUT = new Set([...TOOL_FOLDERS, ".flowstead", "node_modules"]);

/** Copies the flow's folder; folders named in `without` (where runs are kept, say) and tools' own are left out. */
export async function copySnapshot(flow: string, target: string, without: readonly string[]): Promise<void> {
  await mkdir(target, { recursive: true });
  for (const entry of await readdir(flow, { withFileTypes: true })) {
    const from = path.join(flow, entry.name);
    const to = path.join(target, entry.name);
    if (LEFT_OUT.has(entry.name) || without.includes(path.resolve(from))) continue;
    if (entry.isDirectory()) await copySnapshot(from, to, without);
    else if (entry.isFile()) await copyFile(from, to);
    // What a link points to is part of the flow; a link to nowhere is not.
    else if (entry.isSymbolicLink()) await copyFile(from, to).catch(() => undefined);
  }
}

/** What tests and checks leave in a flow's folder is no part of it. */
const LEFT_BEHIND = /(^|\/)\.promptflow\//;

/** What a flow's folder has other than its snapshot: "changed a.py", "added b.txt", "removed c.jinja2". */
export async function folderChanges(snapshot: string, flow: string): Promise<string[]> {
  const [before, now] = [await filesOf(snapshot), await filesOf(flow)];
  const changes: string[] = [];
  for (const name of [...new Set([...before, ...now])].sort()) {
    if (LEFT_BEHIND.test(`/${name}`)) continue;
    if (!before.has(name)) changes.push(`added ${name}`);
    else if (!now.has(name)) changes.push(`removed ${name}`);
    else if (!(await isSame(path.join(snapshot, name), path.join(flow, name)))) changes.push(`changed ${name}`);
  }
  return changes;
}

async function filesOf(folder: string, prefix = ""): Promise<Set<string>> {
  const names = new Set<string>();
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (LEFT_OUT.has(entry.name)) continue;
    if (!entry.isDirectory()) names.add(prefix + entry.name);
    else for (const name of await filesOf(path.join(folder, entry.name), `${prefix}${entry.name}/`)) names.add(name);
  }
  return names;
}

async function isSame(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((file) => readFile(file).catch(() => undefined)));
  return first !== undefined && second !== undefined && first.equals(second);
}
