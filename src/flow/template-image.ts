// Images among the values that a template sees.

import { orderedMap } from "../base/ordered-map.ts";
import type { ValueMap } from "../base/value.ts";
import { ForeignDict, ForeignTuple } from "../prompt/foreign.ts";
import { Image } from "../prompt/image.ts";
import { type MessageFormat, describe, fetchedBytes, hasImage, isImage, textOf } from "./image.ts";

/** Image data as a template sees it: an object that prints as `Image(hash)`. Other values pass unchanged. */
export function templateImages(value: unknown, format: MessageFormat): unknown {
  if (!hasImage(value, format)) return value;
  const inner = (item: unknown): unknown => templateImages(item, format);
  if (value instanceof ForeignTuple) return new ForeignTuple(value.items.map(inner));
  if (value instanceof ForeignDict) return new ForeignDict(value.entries.map(([key, item]) => [key, inner(item)]));
  if (Array.isArray(value)) return value.map(inner);
  const map = value as ValueMap;
  const text = textOf(map, format);
  if (text !== undefined) return text;
  if (!isImage(map, format)) return orderedMap(Object.entries(map).map(([key, item]) => [key, inner(item)]));
  const { mimeType, form, content } = describe(map);
  if (form === "base64") return new Image(Buffer.from(content, "base64"), mimeType);
  return form === "url" ? new Image(fetchedBytes(map) ?? Buffer.from(content), mimeType, content) : value;
}
