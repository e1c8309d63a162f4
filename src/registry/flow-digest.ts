// What tells two states of a flow's files apart: one digest over its folder and over what it includes from elsewhere.

import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { flowPlaces, isLeftOut } from "./flow-place.ts";

/** Bytes that are read; of a folder that holds more, the rest counts by name, size and time of change. */
const MOST_BYTES = 64 * 2 ** 20;
const MOST_FILES = 10_000;

/** @param source the flow's folder or file. @returns undefined where nothing can be read. */
export async function flowDigest(source: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  const room = { bytes: MOST_BYTES, files: MOST_FILES };
  try {
    for (const [index, place] of flowPlaces(source).entries()) await add(hash, { place, name: `${index}` }, room);
    return hash.digest("hex");
  } catch {
    // What it lacks is the instances' to say.
    return undefined;
  }
}

interface Room {
  bytes: number;
  files: number;
}

async function add(hash: Hash, { place, name }: { place: string; name: string }, room: Room): Promise<void> {
  // Links count by what they point to; a link to nowhere, and what went while this looked, not at all.
  const found = await stat(place).catch(() => undefined);
  if (found?.isDirectory()) {
    for (const entry of (await readdir(place)).toSorted()) {
      if (isLeftOut(entry) || room.files <= 0) continue;
      await add(hash, { place: path.join(place, entry), name: `${name}/${entry}` }, room);
    }
  } else if (found?.isFile()) {
    room.files--;
    room.bytes -= found.size;
    hash.update(`${JSON.stringify(name)} ${found.size}\n`);
    if (room.bytes < 0) hash.update(`${found.mtimeMs}\n`);
    else for await (const chunk of createReadStream(place)) hash.update(chunk as Buffer);
  }
}
