import type { BigIntStats } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { throwIfAborted } from "../../base/abort.ts";
import { ACL_ENDING, ACL_FILE } from "./access.ts";
import { IGNORE_FILE, readIgnore } from "./ignore.ts";
import { isInside } from "./scan-path.ts";
import type { Scan } from "./source/source.ts";

const LEFT_OUT = new Set(["node_modules", "__MACOSX"]);

/**
 * All files under a folder, or the one file, sorted by path. Hidden ones and links that lead out of the folder are
 * skipped; of links to a file inside, and the file, one is kept.
 */
export async function scanFolder(root: string, signal: AbortSignal): Promise<Scan> {
  const scan: Scan = { files: [], skipped: [] };
  const top = await stat(root);
  if (top.isFile()) {
    scan.files.push({ file: root, bytes: top.size });
    return scan;
  }
  const walker: Walker = { scan, signal, root: await realpath(root), links: [], ignores: [] };
  await walk(root, walker);
  await followLinks(walker);
  scan.files.sort((a, b) => (a.file < b.file ? -1 : 1));
  return scan;
}

interface Walker {
  scan: Scan;
  signal: AbortSignal;
  /** Without links. */
  root: string;
  links: string[];
  /** Of the folder being walked and those around it. */
  ignores: ((file: string) => boolean)[];
}

async function walk(folder: string, walker: Walker): Promise<void> {
  throwIfAborted(walker.signal);
  const { scan } = walker;
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (thrown) {
    scan.skipped.push({
      file: folder,
      reason: `the folder cannot be read (${(thrown as NodeJS.ErrnoException).code})`,
    });
    return;
  }
  const ignore = entries.some(({ name }) => name === IGNORE_FILE) ? await readIgnore(folder) : undefined;
  if (ignore) walker.ignores.push(ignore);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    if (isSidecar(entry.name)) continue;
    if (walker.ignores.some((rule) => rule(file))) scan.skipped.push({ file, reason: `left out by ${IGNORE_FILE}` });
    else if (entry.name.startsWith(".") || entry.name.startsWith("~$")) scan.skipped.push({ file, reason: "hidden" });
    else if (LEFT_OUT.has(entry.name)) scan.skipped.push({ file, reason: "not a folder of documents" });
    else if (entry.isSymbolicLink()) walker.links.push(file);
    else if (entry.isDirectory()) await walk(file, walker);
    else if (entry.isFile()) await keep(file, scan);
    else scan.skipped.push({ file, reason: "not a regular file" });
  }
  if (ignore) walker.ignores.pop();
}

/** Files that say something about others and are no documents. */
function isSidecar(name: string): boolean {
  return name === IGNORE_FILE || name === ACL_FILE || name.endsWith(ACL_ENDING);
}

async function keep(file: string, scan: Scan): Promise<void> {
  const found = await lstat(file, { bigint: true }).catch(() => undefined);
  if (found) scan.files.push({ file, bytes: Number(found.size), ...versionOf(found) });
}

const SETTLED_MS = 2000;

/** A file that was written a moment ago may be written again without a trace: it has no version yet. */
function versionOf({ size, ino, mtimeNs, ctimeNs, ctimeMs }: BigIntStats): { version?: string } {
  if (Date.now() - Number(ctimeMs) < SETTLED_MS) return {};
  return { version: [size, ino, mtimeNs, ctimeNs].join("-") };
}

/** Links come last, so that what they lead to is known by its own path when it has one. */
async function followLinks({ scan, links, root }: Walker): Promise<void> {
  const known = new Set<string>();
  if (links.length > 0) for (const { file } of scan.files) known.add(await realpath(file).catch(() => file));
  for (const link of links) {
    const target = await realpath(link).catch(() => undefined);
    const found = target === undefined ? undefined : await stat(target).catch(() => undefined);
    if (target === undefined || !found) scan.skipped.push({ file: link, reason: "a link to nothing" });
    else if (!isInside(target, root)) scan.skipped.push({ file: link, reason: "a link out of the folder" });
    else if (!found.isFile()) scan.skipped.push({ file: link, reason: "a link to a folder" });
    else if (known.has(target)) scan.skipped.push({ file: link, reason: "a link to a file that is indexed itself" });
    else {
      known.add(target);
      scan.files.push({ file: link, bytes: found.size });
    }
  }
}
