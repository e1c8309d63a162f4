import { isMap } from "../base/value.ts";

const IMAGE_KEY = /^data:image\/[^;]+;(?:path|base64|url)$/;

/** Whether a value is, or holds at any depth, an image in one of the original's two notations. */
export function hasImage(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasImage);
  if (!isMap(value)) return false;
  const keys = Object.keys(value);
  if (keys.length === 1 && IMAGE_KEY.test(keys[0] ?? "")) return true;
  if (value["type"] === "image_url" || value["type"] === "image_file") return true;
  return keys.some((key) => hasImage(value[key]));
}
