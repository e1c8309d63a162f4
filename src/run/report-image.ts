// The images that lines of a page show: of files, as data, since the page loads nothing.

import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { type Value, isMap } from "../base/value.ts";

const KEY = /^data:(image\/(?:png|jpeg|gif|webp|bmp));path$/;
/** Bytes of one image, and of all of a run: a page that holds more opens slowly. */
const MAX_BYTES = 1 << 20;
const MAX_ALL_BYTES = 16 << 20;

export interface ReportImages {
  /** Takes up the images below a value, whose files are looked for in the folders. */
  add(value: Value): Promise<void>;
  /** What they are, as addresses with their data, by the path that the value names. */
  readonly found: Readonly<Record<string, string>>;
}

export function reportImages(folders: readonly string[]): ReportImages {
  const found: Record<string, string> = {};
  const missing = new Set<string>();
  let left = MAX_ALL_BYTES;

  async function take(type: string, name: string): Promise<void> {
    if (Object.hasOwn(found, name) || missing.has(name)) return;
    for (const folder of folders) {
      const file = path.resolve(folder, name);
      const size = (await stat(file).catch(() => undefined))?.size;
      if (size === undefined || size > Math.min(MAX_BYTES, left)) continue;
      left -= size;
      found[name] = `data:${type};base64,${(await readFile(file)).toString("base64")}`;
      return;
    }
    missing.add(name);
  }

  async function add(value: Value): Promise<void> {
    if (Array.isArray(value)) for (const item of value) await add(item);
    if (!isMap(value)) return;
    for (const [key, item] of Object.entries(value)) {
      const type = KEY.exec(key)?.[1];
      if (type !== undefined && typeof item === "string") await take(type, item);
      else await add(item);
    }
  }
  return { add, found };
}
