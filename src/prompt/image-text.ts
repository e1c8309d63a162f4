// Images that are written as one text, as the inputs of a prompty are: `data:image/png;base64:...`.

import { readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { Image } from "./image.ts";

const PATTERN = /^data:image\/(\w+|\*);(path|base64|url):\s*(.*)$/s;

/**
 * The image that a text stands for, or the text itself. A caller's path is read from `folder` and below it only; the
 * author's own, written into the file, from anywhere. An address is not fetched: the model is given the address.
 */
export function asImage(text: string, folder: string, by: "author" | "caller"): Image | string {
  const [, type, kind, content = ""] = PATTERN.exec(text) ?? [];
  if (type === undefined) return text;
  const mimeType = `image/${type}`;
  if (kind === "base64") return new Image(Buffer.from(content, "base64"), mimeType);
  if (kind === "url") return new Image(Buffer.from(content), mimeType, content);
  const file = path.resolve(folder, content);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return text;
  if (by === "caller" && !isInside(file, folder)) return text;
  return new Image(readFileSync(file), mimeType);
}

/** Links are followed first, so that none leads out. */
function isInside(file: string, folder: string): boolean {
  const relative = path.relative(realpathSync(folder), realpathSync(file));
  return relative !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
}
