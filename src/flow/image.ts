// Images in the inputs of a flow. They travel as data: `{"data:image/png;base64": "..."}`, or in the notation of OpenAI's
// vision messages where the flow's `message_format` says so. Files are read here, once, and only from the flow's folder.

import { readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { type Value, type ValueMap, isMap, pyStr } from "../base/value.ts";
import { Image } from "../prompt/image.ts";
import type { FlowDefinition, InputDefinition } from "./definition.ts";
import { checkImageAddress } from "./image-address.ts";

export type MessageFormat = FlowDefinition["messageFormat"];

const KEY = /^data:(image\/[^;]+);(path|base64|url)$/;
const DATA_URL = /^data:(image\/[^;]+);base64,(.*)$/s;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Whether a value is, or holds at any depth, an image in the notation of the format. */
export function hasImage(value: unknown, format: MessageFormat): boolean {
  if (Array.isArray(value)) return value.some((item) => hasImage(item, format));
  if (!isMap(value)) return false;
  return isImage(value, format) || Object.values(value).some((item) => hasImage(item, format));
}

function isImage(value: ValueMap, format: MessageFormat): boolean {
  const keys = Object.keys(value);
  if (format === "basic") return keys.length === 1 && KEY.test(keys[0] ?? "");
  const { type } = value;
  const field = type === "image_url" ? "url" : "path";
  const inner = type === "image_url" || type === "image_file" ? value[type] : undefined;
  return keys.length === 2 && isMap(inner) && typeof inner[field] === "string";
}

/**
 * The flow's inputs with image files read and image texts checked.
 * @throws FlowsteadError `LoadMultimediaDataError`.
 */
export function loadImages(
  definitions: readonly InputDefinition[],
  inputs: ValueMap,
  { directory, format }: { directory: string; format: MessageFormat },
): ValueMap {
  const loaded = { ...inputs };
  for (const { name, type } of definitions) {
    const value = loaded[name];
    if (value === undefined || !["image", "list", "object"].includes(type)) continue;
    try {
      loaded[name] = type === "image" ? createImage(value, directory, format) : load(value, directory, format);
    } catch (thrown) {
      const { code, message } = FlowsteadError.from(thrown);
      throw new FlowsteadError(
        "LoadMultimediaDataError",
        `Failed to load image for input '${name}': (${code}) ${message}`,
        {
          cause: thrown,
          details: { input: name },
        },
      );
    }
  }
  return loaded;
}

/** Image data as a template sees it: an object that prints as `Image(hash)`. Other values pass unchanged. */
export function templateImages(value: unknown, format: MessageFormat): unknown {
  if (!hasImage(value, format)) return value;
  if (Array.isArray(value)) return value.map((item) => templateImages(item, format));
  const map = value as ValueMap;
  if (!isImage(map, format)) {
    return Object.fromEntries(Object.entries(map).map(([key, item]) => [key, templateImages(item, format)]));
  }
  const { mimeType, form, content } = describe(map);
  if (form === "base64") return new Image(Buffer.from(content, "base64"), mimeType);
  return form === "url" ? new Image(Buffer.from(content), mimeType, content) : value;
}

function load(value: Value, directory: string, format: MessageFormat): Value {
  if (Array.isArray(value)) return value.map((item) => load(item, directory, format));
  if (!isMap(value)) return value;
  if (isImage(value, format)) return read(value, directory, format);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, load(item, directory, format)]));
}

/** The image that a literal or input of type image stands for. @throws FlowsteadError `InvalidImageInput`. */
export function createImage(value: Value, directory: string, format: MessageFormat): Value {
  if (isMap(value) && isImage(value, format)) return read(value, directory, format);
  if (isMap(value)) {
    throw invalid(
      "Invalid image input format. The image input should be a dictionary like: {data:image/<image_type>;[path|base64|url]: <image_data>}.",
    );
  }
  if (typeof value !== "string") {
    throw invalid("Unsupported image input type. The image inputs should be a string or a dictionary.");
  }
  if (value === "") throw invalid("The image input should not be empty.");
  const [, mimeType, data] = DATA_URL.exec(value) ?? [];
  if (mimeType && data !== undefined) return write({ mimeType, content: data }, format);
  if (/^https?:\/\//.test(value)) {
    checkImageAddress(value);
    return { "data:image/*;url": value };
  }
  if (BASE64.test(value) && value.length % 4 === 0 && value.length > 64) {
    return write({ mimeType: sniff(Buffer.from(value, "base64")), content: value }, format);
  }
  const bytes = readFile(value, directory);
  return write({ mimeType: sniff(bytes), content: bytes.toString("base64") }, format);
}

function read(value: ValueMap, directory: string, format: MessageFormat): Value {
  const { mimeType, form, content } = describe(value);
  if (form === "url") {
    checkImageAddress(content);
    return value;
  }
  if (form === "path") {
    const bytes = readFile(content, directory);
    return write({ mimeType: mimeType ?? sniff(bytes), content: bytes.toString("base64") }, format);
  }
  if (!BASE64.test(content)) throw invalid(`Invalid base64 image: ${content.slice(0, 100)}.`);
  return value;
}

function describe(value: ValueMap): { mimeType: string | undefined; form: "path" | "base64" | "url"; content: string } {
  const [[key, content] = ["", ""]] = Object.entries(value);
  const [, mimeType, form] = KEY.exec(key) ?? [];
  if (form) return { mimeType, form: form as "path" | "base64" | "url", content: pyStr(content ?? "") };
  const file = value["image_file"];
  if (isMap(file)) return { mimeType: undefined, form: "path", content: pyStr(file["path"] ?? "") };
  const link = value["image_url"];
  const url = isMap(link) ? pyStr(link["url"] ?? "") : "";
  const [, type, data] = DATA_URL.exec(url) ?? [];
  if (data !== undefined) return { mimeType: type, form: "base64", content: data };
  return { mimeType: undefined, form: "url", content: url };
}

function write({ mimeType, content }: { mimeType: string; content: string }, format: MessageFormat): Value {
  if (format === "basic") return { [`data:${mimeType};base64`]: content };
  return { type: "image_url", image_url: { url: `data:${mimeType};base64,${content}` } };
}

/** A caller names the file, so it may only be one of the flow's own. */
function readFile(file: string, directory: string): Buffer {
  try {
    const root = realpathSync(directory);
    const full = realpathSync(path.resolve(root, file));
    if (full.startsWith(root + path.sep)) return readFileSync(full);
  } catch {
    // Told below in the same words, whether the file is missing or out of bounds.
  }
  throw invalid(`The image file '${file.slice(0, 200)}' is not in the flow's folder.`);
}

const SIGNATURES: [string, string][] = [
  ["89504e470d0a1a0a", "image/png"],
  ["ffd8ff", "image/jpeg"],
  ["47494638", "image/gif"],
  ["424d", "image/bmp"],
];

function sniff(bytes: Buffer): string {
  const head = bytes.subarray(0, 12).toString("hex");
  if (bytes.toString("latin1", 0, 4) === "RIFF" && bytes.toString("latin1", 8, 12) === "WEBP") return "image/webp";
  return SIGNATURES.find(([signature]) => head.startsWith(signature))?.[1] ?? "image/*";
}

function invalid(message: string): FlowsteadError {
  return new FlowsteadError("InvalidImageInput", message);
}
