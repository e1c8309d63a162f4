// A private folder for sockets. It lives beside other temporary files, since the path of a socket may have about a hundred
// characters only and a state folder may lie anywhere.

import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { isAlive } from "./alive.ts";

const PREFIX = "flowstead-";
/** Leaves room for the folder and a socket's name in the 103 bytes that every Unix takes. A longer path is cut without a word. */
const LONGEST_PARENT = 40;

/** Makes the folder, readable by its owner only, and removes those of processes that are gone. */
export async function openRunFolder(): Promise<string> {
  const parent = shortFolder(tmpdir());
  for (const name of await readdir(parent)) {
    const pid = /^flowstead-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) {
      await rm(path.join(parent, name), { recursive: true, force: true }).catch(() => {});
    }
  }
  return mkdtemp(path.join(parent, `${PREFIX}${process.pid}-`));
}

function shortFolder(preferred: string): string {
  return Buffer.byteLength(preferred) > LONGEST_PARENT && existsSync("/tmp") ? "/tmp" : preferred;
}
