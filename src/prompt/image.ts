// Images in prompts. In rendered text an image is a line such as `Image(1edf82c2)`, which the chat parser finds again.

import { createHash } from "node:crypto";

/** An image value of a flow; two images are the same when their bytes are. */
export class Image {
  readonly bytes: Uint8Array;
  readonly mimeType: string;
  /** Where it came from, and what the model is given instead of the bytes when it is set. */
  readonly sourceUrl: string | null;
  /** The first eight digits of the SHA-1 of the bytes, as the original names images. */
  readonly hash: string;

  constructor(bytes: Uint8Array, mimeType = "image/*", sourceUrl: string | null = null) {
    this.bytes = bytes;
    this.mimeType = mimeType.toLowerCase();
    this.sourceUrl = sourceUrl;
    this.hash = createHash("sha1").update(bytes).digest("hex").slice(0, 8);
  }

  toString(): string {
    return `Image(${this.hash})`;
  }

  /** The address a model is given: the source, or the bytes themselves. */
  toUrl(): string {
    return this.sourceUrl || `data:${this.mimeType};base64,${Buffer.from(this.bytes).toString("base64")}`;
  }
}

/** Every image inside these values, each once by its bytes, in the order met. */
export function findImages(values: Iterable<unknown>): Image[] {
  const found = new Map<string, Image>();
  const look = (value: unknown): void => {
    if (value instanceof Image) found.set(value.hash, value);
    else if (Array.isArray(value)) value.forEach(look);
    else if (typeof value === "object" && value !== null && isPlain(value)) Object.values(value).forEach(look);
  };
  for (const value of values) look(value);
  return [...found.values()];
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const IMAGE_TAG = /!\[(\s*image\s*)\]\(\{\{(\s*[^\s{}]+\s*)\}\}\)/g;

/** Puts each `![image]({{x}})` of a template on a line of its own as `{{x}}`, so that its image becomes a content part. */
export function liftImages(template: string): string {
  return template.replace(IMAGE_TAG, (_whole, _word, name: string) => `\n{{${name}}}\n`);
}

/** The variables of a template that are images: the names in its `![image]({{x}})` tags. */
export function imageVariables(template: string): string[] {
  const names = [...template.matchAll(/!\[\s*image\s*\]\(\{\{\s*([^{}]+)\s*\}\}\)/g)];
  return [...new Set(names.map((match) => (match[1] ?? "").trim()))];
}
