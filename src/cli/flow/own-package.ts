// This very program as the package file that `npm pack` makes: what is built runs the version that was tried.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../base/package-root.ts";

export interface OwnPackage {
  file: string;
  remove(): Promise<void>;
}

/** Nothing where npm is missing, or where the program was never compiled: another `npm install` has to find it then. */
export async function ownPackage(): Promise<OwnPackage | undefined> {
  const root = packageRoot();
  if (!existsSync(path.join(root, "dist/cli/main.js"))) return undefined;
  const folder = await mkdtemp(path.join(tmpdir(), "flowstead-package-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const words = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
    // On Windows npm is a script, which a shell has to run.
    await promisify(execFile)("npm", words, { cwd: root, shell: process.platform === "win32" });
    const [name] = await readdir(folder);
    if (name !== undefined) return { file: path.join(folder, name), remove };
  } catch {
    // npm's own words would be about this program's folder, which is not what the person asked for.
  }
  await remove();
  return undefined;
}
