// Images in rows and results. On disk they are files beside the data (`{"data:image/png;path": "logo.png"}`); in a run
// they are data, since a flow may read files of its own folder only.

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { type Value, type ValueMap, isMap } from "../base/value.ts";

const KEY = /^data:(image\/[^;]+);(path|base64)$/;

/** The row with the image files that it names read. @throws FlowsteadError `InvalidUserData` for one that is missing. */
export async function inlineImages(row: ValueMap, folder: string): Promise<ValueMap> {
  return (await replaceImages(row, async ({ type, form, content }) => {
    if (form !== "path") return undefined;
    const file = path.resolve(folder, content);
    const bytes = await readFile(file).catch((cause: Error) => {
      throw new FlowsteadError("InvalidUserData", `A row names the image ${file}: ${cause.message}`, { cause });
    });
    return { [`data:${type};base64`]: bytes.toString("base64") };
  })) as ValueMap;
}

/** The value with its images written into the folder, each once, under a name made of its content. */
export function exportImages(value: Value, folder: string): Promise<Value> {
  return replaceImages(value, async ({ type, form, content }) => {
    if (form !== "base64") return undefined;
    const bytes = Buffer.from(content, "base64");
    const name = `${createHash("sha1").update(bytes).digest("hex")}.${extension(type)}`;
    await writeFile(path.join(folder, name), bytes);
    return { [`data:${type};path`]: name };
  });
}

interface FoundImage {
  type: string;
  form: string;
  content: string;
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
  if (keys.length !== 1) return undefined;
  const content = value[keys[0] as string];
  const [, type, form] = KEY.exec(keys[0] as string) ?? [];
  return type && form && typeof content === "string" ? { type, form, content } : undefined;
}

function extension(type: string): string {
  return type.slice("image/".length).replace(/[^a-z0-9]/gi, "") || "bin";
}
