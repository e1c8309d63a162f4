// A copy of the flow as it was when the run began.

import { copyFile, mkdir, readdir } from "node:fs/promises";
import path from "node:path";

const LEFT_OUT = new Set([".git", ".runs", "__pycache__", "node_modules", ".flowstead", ".venv"]);

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
