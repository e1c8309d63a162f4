// Images in the inputs of a flow. They travel as data: `{"data:image/png;base64": "..."}`, or in the notation of OpenAI's
// vision messages where the flow's `message_format` says so. Files are read here, once, and only from the flow's folder;
// what is named by URL keeps its URL, and its bytes are remembered beside it.

import { existsSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { orderedMap } from "../base/ordered-map.ts";
import { type Value, type ValueMap, isMap, pyStr } from "../base/value.ts";
import { ForeignDict, ForeignTuple } from "../prompt/foreign.ts";
import { type Cell, typeName } from "../prompt/jinja/value.ts";
import type { FlowDefinition, InputDefinition } from "./definition.ts";
import { checkImageAddress } from "../prompt/image-address.ts";
import { type FetchSettings, fetchImage } from "./image-fetch.ts";

export type MessageFormat = FlowDefinition["messageFormat"];

const KEY = /^data:(image\/[^;]*);(path|base64|url)$/;
const DATA_URL = /^data:(image\/[^;]+);base64,(.*)$/s;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Whether a value is, or holds at any depth, an image in the notation of the format, or a text in that of vision messages.
 * Objects that stay in Python, and rendered texts, are no maps and say themselves what they print.
 */
export function hasImage(value: unknown, format: MessageFormat): boolean {
  const isHeld = (item: unknown): boolean => hasImage(item, format);
  if (Array.isArray(value)) return value.some(isHeld);
  if (value instanceof ForeignTuple) return value.items.some(isHeld);
  if (value instanceof ForeignDict) return value.entries.some(([, item]) => isHeld(item));
  if (!isMap(value) || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return isImage(value, format) || textOf(value, format) !== undefined || Object.values(value).some(isHeld);
}

/** Whether a value is an image in the notation of the format. */
export function isImage(value: ValueMap, format: MessageFormat): boolean {
  const keys = Object.keys(value);
  if (format === "basic") return keys.length === 1 && KEY.test(keys[0] ?? "");
  const { type } = value;
  const field = type === "image_url" ? "url" : "path";
  const inner = type === "image_url" || type === "image_file" ? value[type] : undefined;
  return keys.length === 2 && isMap(inner) && typeof inner[field] === "string";
}

/** What `{"type": "text", "text": ...}` says, which code and templates get as a text. */
export function textOf(value: ValueMap, format: MessageFormat): string | undefined {
  const { type, text } = value;
  if (format !== "openai-vision" || type !== "text" || Object.keys(value).length !== 2) return undefined;
  const said = isMap(text) ? text["value"] : text;
  return typeof said === "string" ? said : undefined;
}

/** What Python code returns, with its images in the notation of the format. */
export function imagesWritten(value: Value, format: MessageFormat): Value {
  if (format === "basic" || !hasImage(value, "basic")) return value;
  if (Array.isArray(value)) return value.map((item) => imagesWritten(item, format));
  const map = value as ValueMap;
  if (!isImage(map, "basic"))
    return orderedMap(Object.entries(map).map(([key, item]) => [key, imagesWritten(item, format)]));
  const { mimeType = "image/*", form, content } = describe(map);
  return form === "base64" ? write({ mimeType, content }, format) : value;
}

/** Where images are looked for. */
export interface ImageSource extends FetchSettings {
  /** The flow's folder; no file outside is read. */
  directory: string;
  format: MessageFormat;
}

/**
 * The flow's inputs with image files read, addresses fetched and image texts checked; a promise only where something is
 * fetched.
 * @throws FlowsteadError `LoadMultimediaDataError`.
 */
export function loadImages(
  definitions: readonly InputDefinition[],
  inputs: ValueMap,
  source: ImageSource,
): ValueMap | Promise<ValueMap> {
  const loaded = { ...inputs };
  let fetching: Promise<void>[] | undefined;
  for (const { name, type } of definitions) {
    const value = loaded[name];
    if (value === undefined || !["image", "list", "object"].includes(type)) continue;
    try {
      const image = type === "image" ? imageInput(value, source) : load(value, source);
      if (!(image instanceof Promise)) loaded[name] = image;
      else {
        const settled = image.then(
          (found) => void (loaded[name] = found),
          (thrown: unknown) => Promise.reject(notLoaded(name, thrown)),
        );
        settled.catch(() => undefined); // An earlier input's failure may be the one that is told.
        (fetching ??= []).push(settled);
      }
    } catch (thrown) {
      throw notLoaded(name, thrown);
    }
  }
  return fetching ? inOrder(fetching).then(() => loaded) : loaded;
}

async function inOrder(promises: readonly Promise<void>[]): Promise<void> {
  for (const promise of promises) await promise;
}

function notLoaded(input: string, thrown: unknown): FlowsteadError {
  const { code, message, details } = FlowsteadError.from(thrown);
  if (code === "Canceled") return thrown as FlowsteadError;
  const type = typeof details?.["type"] === "string" ? details["type"] : code;
  return new FlowsteadError(
    "LoadMultimediaDataError",
    `Failed to load image for input '${input}': (${type}) ${message}`,
    {
      cause: thrown,
      details: { ...details, input },
    },
  );
}

/** Bytes of images that were fetched, by the value that names them. */
const fetched = new WeakMap<ValueMap, Buffer>();

/** What the address in an image's value gave, if it was fetched. */
export function fetchedBytes(image: ValueMap): Buffer | undefined {
  return fetched.get(image);
}

/** What was fetched of the images in these values, as base64 by URL, so that Python need not fetch them again. */
export function fetchedContents(values: Iterable<unknown>): Record<string, string> {
  const contents: Record<string, string> = {};
  const look = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(look);
    if (!isMap(value)) return;
    const bytes = fetched.get(value);
    if (bytes) contents[describe(value).content] = bytes.toString("base64");
    else Object.values(value).forEach(look);
  };
  for (const value of values) look(value);
  return contents;
}

function load(value: Value, source: ImageSource): Value | Promise<Value> {
  if (Array.isArray(value)) return together(value.map((item) => load(item, source)));
  if (!isMap(value)) return value;
  if (isImage(value, source.format)) return read(value, source);
  const keys = Object.keys(value);
  const items = together(Object.values(value).map((item) => load(item, source)));
  const named = (all: Value[]): Value => orderedMap(all.map((item, index) => [keys[index] ?? "", item]));
  return items instanceof Promise ? items.then(named) : named(items);
}

/** A list for an input of type image holds images. */
function imageInput(value: Value, source: ImageSource): Value | Promise<Value> {
  return Array.isArray(value) ? together(value.map((item) => createImage(item, source))) : createImage(value, source);
}

function together(items: (Value | Promise<Value>)[]): Value[] | Promise<Value[]> {
  return items.some((item) => item instanceof Promise)
    ? Promise.all(items.map((item) => Promise.resolve(item)))
    : (items as Value[]);
}

/** The image that a literal or input of type image stands for. @throws FlowsteadError `InvalidImageInput`. */
export function createImage(value: Value, source: ImageSource): Value | Promise<Value> {
  const { directory, format } = source;
  if (isMap(value) && isImage(value, format)) return read(value, source);
  if (isMap(value)) {
    throw invalid(
      "Invalid image input format. The image input should be a dictionary like: {data:image/<image_type>;[path|base64|url]: <image_data>}.",
    );
  }
  if (typeof value !== "string") {
    throw invalid(
      `Unsupported image input type: <class '${typeName(value as Cell)}'>. The image inputs should be a string or a dictionary.`,
    );
  }
  if (value === "") throw invalid("The image input should not be empty.");
  const [, mimeType, data] = DATA_URL.exec(value) ?? [];
  if (mimeType && data !== undefined) return write({ mimeType, content: data }, format);
  if (/^[a-z][a-z\d+.-]*:\/\/[^/?#]/i.test(value)) return link(undefined, value, source);
  if (BASE64.test(value) && value.length % 4 === 0 && !hasFile(value, directory)) {
    return write({ mimeType: sniff(Buffer.from(value, "base64")), content: value }, format);
  }
  const bytes = readFile(value, directory);
  return write({ mimeType: sniff(bytes), content: bytes.toString("base64") }, format);
}

/** An address with its bytes remembered. A type that is not given is that of the bytes. */
async function fetchLink(mimeType: string | undefined, url: string, source: ImageSource): Promise<Value> {
  const bytes = await fetchImage(url, source);
  const type = mimeType ?? sniff(bytes);
  const value: ValueMap =
    source.format === "basic" ? { [`data:${type};url`]: url } : { type: "image_url", image_url: { url } };
  fetched.set(value, bytes);
  return value;
}

function link(mimeType: string | undefined, url: string, source: ImageSource): Promise<Value> {
  checkImageAddress(url);
  return fetchLink(mimeType, url, source);
}

function read(value: ValueMap, source: ImageSource): Value | Promise<Value> {
  const { directory, format } = source;
  const { mimeType, form, content } = describe(value);
  if (form === "url") return link(mimeType, content, source);
  if (form === "path") {
    const bytes = readFile(content, directory);
    return write({ mimeType: mimeType ?? sniff(bytes), content: bytes.toString("base64") }, format);
  }
  if (!BASE64.test(content)) throw invalid(`Invalid base64 image: ${content.slice(0, 100)}.`);
  return mimeType === undefined ? value : write({ mimeType, content }, format);
}

/** The parts of an image's value, in either notation. */
export function describe(value: ValueMap): {
  mimeType: string | undefined;
  form: "path" | "base64" | "url";
  content: string;
} {
  const [[key, content] = ["", ""]] = Object.entries(value);
  const [, mimeType, form] = KEY.exec(key) ?? [];
  if (form === "base64") return { mimeType, form, content: pyStr(content ?? "").replace(/^.*,/s, "") };
  if (form) return { mimeType, form: form as "path" | "url", content: pyStr(content ?? "") };
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

/**
 * A caller names the file, so it may only be one of the flow's own. Whether a file out of bounds is there, is not told.
 */
function readFile(file: string, directory: string): Buffer {
  const shown = file.slice(0, 200);
  const root = realpathSync(directory);
  const named = path.resolve(root, file);
  if (isIn(root, named) && !existsSync(named)) {
    const message = `[Errno 2] No such file or directory: '${shown}'`;
    throw new FlowsteadError("InvalidImageInput", message, { details: { type: "FileNotFoundError" } });
  }
  try {
    const full = realpathSync(named);
    if (isIn(root, full)) return readFileSync(full);
  } catch {
    // Told below in the same words, whether the file is missing or out of bounds.
  }
  throw invalid(`The image file '${shown}' is missing, or not in the flow's folder.`);
}

function isIn(root: string, file: string): boolean {
  return file.startsWith(root + path.sep);
}

function hasFile(file: string, directory: string): boolean {
  return existsSync(path.resolve(directory, file));
}

const SIGNATURES: [string, string][] = [
  ["89504e470d0a1a0a", "image/png"],
  ["ffd8ff", "image/jpeg"],
  ["47494638", "image/gif"],
  ["424d", "image/bmp"],
  ["49492a00", "image/tiff"],
  ["4d4d002a", "image/tiff"],
];

function sniff(bytes: Buffer): string {
  const head = bytes.subarray(0, 12).toString("hex");
  if (bytes.toString("latin1", 0, 4) === "RIFF" && bytes.toString("latin1", 8, 12) === "WEBP") return "image/webp";
  return SIGNATURES.find(([signature]) => head.startsWith(signature))?.[1] ?? "image/*";
}

function invalid(message: string): FlowsteadError {
  return new FlowsteadError("InvalidImageInput", message);
}
