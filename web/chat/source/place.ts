import type { Citation } from "../../shared/wire/contract.ts";

/** Where in its document a passage stands: "Leave › Part-time staff", "Page 3". A heading that repeats the title is left out. */
export function placeOf({ title, headings, page }: Citation): string {
  const path = (headings ?? []).filter((heading) => heading && heading !== title).join(" › ");
  return [path, page === undefined || page === null ? "" : `Page ${page}`].filter(Boolean).join(" · ");
}
