// Images in rows and results. On disk they are files beside the data (`{"data:image/png;path": "logo.png"}`); in a run
// they are data, since a flow may read files of its own folder only.

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Value, type ValueMap, isMap } from "../base/value.ts";

const KEY = /^data:(image\/[^;]+);(path|base64)$/;
const DATA_URL = /^data:(image\/[^;]+);base64,(.*)$/s;

/** The row with the image files that it names read. One that cannot be read keeps its name, and fails its line if that takes it. */
export async function inlineImages(row: ValueMap, folder: string): Promise<ValueMap> {
  return (await replaceImages(row, async (image) => {
    if (image.form !== "path") return undefined;
    const file = path.resolve(folder, image.content);
    const bytes = await readFile(file).catch(() => undefined);
    if (!bytes) return undefined;
    const content = bytes.toString("base64");
    if (image.notation === "basic") return { [`data:${image.type};base64`]: content };
    return { type: "image_url", image_url: { url: `data:${image.type};base64,${content}` } };
  })) as ValueMap;
}

/** The value with its images written into the folder, each once, under a name made of its content. */
export function exportImages(value: Value, folder: string): Promise<Value> {
  return replaceImages(value, async ({ type, form, content, notation }) => {
    if (form !== "base64") return undefined;
    const bytes = Buffer.from(content, "base64");
    const name = `${createHash("sha1").update(bytes).digest("hex")}.${extension(type)}`;
    await writeFile(path.join(folder, name), bytes);
    if (notation === "basic") return { [`data:${type};path`]: name };
    return { type: "image_file", image_file: { path: name } };
  });
}

const EXPORTED = /"(data:image\/[^";]+;path":|image_file":\{"path":)"([0-9a-f]{40}\.\w+)"/g;

/** JSON text that names images of a folder, as it stands in a file elsewhere: with the way from there to the folder. */
export function imagesFrom(file: string, imageFolder: string, json: string): string {
  if (!json.includes(';path":') && !json.includes('"image_file":')) return json;
  const way = path.relative(path.dirname(file), imageFolder).split(path.sep).join("/");
  return json.replace(EXPORTED, (_found, key: string, name: string) => `"${key}"${way}/${name}"`);
}

interface FoundImage {
  type: string;
  form: "path" | "base64";
  content: string;
  /** The two notations of `message_format`. */
  notation: "basic" | "openai-vision";
}

async function replaceImages(value: Value, replace: (image: FoundImage) => Promise<Value | undefined>): Promise<Value> {
  if (!holdsImage(value)) return value;
  if (Array.isArray(value)) return Promise.all(value.map((item) => replaceImages(item, replace)));
  const image = imageOf(value as ValueMap);
  if (image) return (await replace(image)) ?? value;
  const entries = Object.entries(value as ValueMap);
  return Object.fromEntries(
    await Promise.all(entries.map(async ([key, item]) => [key, await replaceImages(item, replace)] as const)),
  );
}

function holdsImage(value: Value): boolean {
  if (Array.isArray(value)) return value.some(holdsImage);
  return isMap(value) && (imageOf(value) !== undefined || Object.values(value).some(holdsImage));
}

function imageOf(value: ValueMap): FoundImage | undefined {
  const keys = Object.keys(value);
  if (keys.length === 2) return visionImage(value);
  if (keys.length !== 1) return undefined;
  const content = value[keys[0] as string];
  const [, type, form] = KEY.exec(keys[0] as string) ?? [];
  if (!type || typeof content !== "string") return undefined;
  return { type, form: form as FoundImage["form"], content, notation: "basic" };
}

/** `{"type": "image_file", "image_file": {"path": ...}}`, or an image_url that is data. */
function visionImage({ type, image_file, image_url }: ValueMap): FoundImage | undefined {
  const notation = "openai-vision";
  if (type === "image_file" && isMap(image_file) && typeof image_file["path"] === "string") {
    return { type: typeOfName(image_file["path"]), form: "path", content: image_file["path"], notation };
  }
  if (type !== "image_url" || !isMap(image_url) || typeof image_url["url"] !== "string") return undefined;
  const [, found, content] = DATA_URL.exec(image_url["url"]) ?? [];
  return found && content !== undefined ? { type: found, form: "base64", content, notation } : undefined;
}

function typeOfName(name: string): string {
  const ending = path.extname(name).slice(1).toLowerCase();
  if (ending === "") return "image/*";
  return `image/${ending === "jpg" ? "jpeg" : ending}`;
}

function extension(type: string): string {
  return type.slice("image/".length).replace(/[^a-z0-9]/gi, "") || "bin";
}
