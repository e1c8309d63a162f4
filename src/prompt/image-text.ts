// Images that are written as one text, as the inputs of a prompty are: `data:image/png;base64:...`.

import { readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { Image } from "./image.ts";
import { checkImageAddress } from "./image-address.ts";

const PATTERN = /^data:image\/([^;\s]+);(path|base64|url):\s*(.*)$/s;

/**
 * The image that a text stands for, or the text itself. A caller's path is read from `folder` and below it only; the
 * author's own, written into the file, from anywhere. An address is not fetched: the model is given the address.
 * @throws FlowsteadError `InvalidImageInput` for a file that is not there, bytes that are none, an address that is refused.
 */
export function asImage(text: string, folder: string, by: "author" | "caller"): Image | string {
  const [, type, kind, content = ""] = PATTERN.exec(text) ?? [];
  if (type === undefined) return text;
  const mimeType = `image/${type}`;
  if (kind === "base64") return new Image(bytesOf(content), mimeType);
  if (kind === "url") {
    checkImageAddress(content);
    return new Image(Buffer.from(content), mimeType, content);
  }
  const file = path.resolve(folder, content);
  // Of what is outside, a caller learns nothing, not even whether it is there.
  if (by === "caller" && !isBelow(file, folder)) throw outside(content);
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) throw fault("FileNotFoundError", `[Errno 2] No such file or directory: '${content}'`);
  if (!found.isFile()) throw fault("IsADirectoryError", `[Errno 21] Is a directory: '${content}'`);
  if (by === "caller" && !isInside(file, folder)) throw outside(content);
  return new Image(readFileSync(file), mimeType);
}

/** Base64 as Python reads it: what belongs to no notation is skipped, and its length has to be right. */
function bytesOf(text: string): Buffer {
  const [digits = ""] = /^[^=]*/.exec(text.replace(/[^\w+/=]|_/g, "")) ?? [];
  const padding = text.split("=").length - 1;
  if (digits.length % 4 === 1) {
    const message = `Invalid base64-encoded string: number of data characters (${digits.length}) cannot be 1 more than a multiple of 4`;
    throw fault("Error", message);
  }
  if (digits.length % 4 > 0 && padding < 4 - (digits.length % 4)) throw fault("Error", "Incorrect padding");
  return Buffer.from(digits, "base64");
}

/** @param type Python's exception, under which the original tells it */
function fault(type: string, message: string): FlowsteadError {
  return new FlowsteadError("InvalidImageInput", message, { details: { type } });
}

function outside(file: string): FlowsteadError {
  const message = `The image file '${file}' is not in the prompty's folder.`;
  return new FlowsteadError("InvalidImageInput", message);
}

function isBelow(file: string, folder: string): boolean {
  return file === folder || file.startsWith(path.resolve(folder) + path.sep);
}

/** Links are followed first, so that none leads out. */
function isInside(file: string, folder: string): boolean {
  const relative = path.relative(realpathSync(folder), realpathSync(file));
  return relative !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
}
