import type { Citation } from "../../shared/wire/contract.ts";

/** Where in its document a passage stands: "Leave › Part-time staff", "Page 3". A heading that repeats the title is left out. */
export function placeOf({ title, headings, page }: Citation): string {
  const path = (headings ?? []).filter((heading) => heading && heading !== title).join(" › ");
  return [path, page === undefined || page === null ? "" : `Page ${page}`].filter(Boolean).join(" · ");
}

/** What a document is called at its source. Of an absolute path only the end is said: where a server keeps files is its own matter. */
export function sourceName(source: string): string {
  const path = source.replaceAll("\\", "/");
  return /^(?:\/|[A-Za-z]:\/)/.test(path) ? path.split("/").filter(Boolean).slice(-2).join("/") : source;
}
