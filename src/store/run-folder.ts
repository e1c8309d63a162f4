// A private folder for sockets. It lives beside other temporary files, since the path of a socket may have about a hundred
// characters only and a state folder may lie anywhere.

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { isAlive } from "./alive.ts";

const PREFIX = "flowstead-";

/** Makes the folder, readable by its owner only, and removes those of processes that are gone. */
export async function openRunFolder(): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const pid = /^flowstead-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) {
      await rm(path.join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
    }
  }
  return mkdtemp(path.join(tmpdir(), `${PREFIX}${process.pid}-`));
}
