// A flow's files as they are at one moment, copied to where nobody edits them. Folders keep their places to each other, so
// that what the flow includes from elsewhere is found by the same paths.

import { constants, readFileSync } from "node:fs";
import { copyFile, link, mkdir, readdir, realpath, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { flowPlaces, isLeftOut } from "./flow-place.ts";

/** A folder with more is not a flow's alone. */
const MOST_FILES = 10_000;
const MOST_BYTES = 4 * 2 ** 30;
/** Files of this size are data that is replaced and not edited, so a second name for the same bytes is enough. */
const LINKED_BYTES = 32 * 2 ** 20;
/** Too large to copy, and not part of what is edited: the copy points to where they are. */
const POINTED_TO = [".venv", "node_modules"];

interface Room {
  files: number;
  bytes: number;
}

/** Says where in a copy the flow lies, whatever has become of the flow itself since. */
const PLACE_FILE = ".flow-place";

/** The flow's folder or file in the copy that `copyFlow` made. */
export function copiedFlow(target: string): string {
  return path.join(target, readFileSync(path.join(target, PLACE_FILE), "utf8"));
}

/** @returns false for a folder that holds far more than a flow: the copy is not whole then. @throws what reading it throws. */
export async function copyFlow(source: string, target: string): Promise<boolean> {
  const places = flowPlaces(source);
  const root = commonFolder(places);
  const room = { files: MOST_FILES, bytes: MOST_BYTES };
  const done: string[] = [];
  for (const place of places) {
    if (done.some((other) => isWithin(place, other))) continue;
    done.push(place);
    await copy(place, path.join(target, path.relative(root, place)), room);
  }
  const [directory] = places;
  for (const name of POINTED_TO) {
    const from = path.join(directory, name);
    if (await stat(from).catch(() => undefined)) {
      await symlink(from, path.join(target, path.relative(root, directory), name));
    }
  }
  await writeFile(path.join(target, PLACE_FILE), path.relative(root, path.resolve(source)));
  return hasRoom(room);
}

/** The lowest folder that holds all of the places. */
function commonFolder([first, ...others]: readonly [string, ...string[]]): string {
  let common = first;
  while (!others.every((place) => isWithin(place, common))) common = path.dirname(common);
  return path.dirname(common);
}

function isWithin(place: string, folder: string): boolean {
  const relative = path.relative(folder, place);
  return relative === "" || (relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative));
}

async function copy(from: string, to: string, room: Room): Promise<void> {
  // What a link points to is part of the flow; a link to nowhere is not, and neither is what went while this looked.
  const found = await stat(from).catch(() => undefined);
  if (found?.isDirectory()) {
    await mkdir(to, { recursive: true });
    for (const name of await readdir(from)) {
      if (!isLeftOut(name) && hasRoom(room)) await copy(path.join(from, name), path.join(to, name), room);
    }
  } else if (found?.isFile()) {
    room.files--;
    room.bytes -= found.size;
    if (!hasRoom(room)) return;
    await mkdir(path.dirname(to), { recursive: true });
    const isLinked = found.size >= LINKED_BYTES && (await linked(from, to));
    if (!isLinked) await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}

function hasRoom({ files, bytes }: Room): boolean {
  return files >= 0 && bytes >= 0;
}

/** Another file system has no second name for a file of this one. */
async function linked(from: string, to: string): Promise<boolean> {
  return link(await realpath(from), to).then(
    () => true,
    () => false,
  );
}
