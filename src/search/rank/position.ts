import type { QueryTerm } from "../query.ts";

/** A place of the text where the query is met: the position among its terms, and which query term it is. */
export interface Occurrence {
  position: number;
  query: number;
}

/** Where the terms of a query stand in a text, in order. */
export function occurrences(query: readonly QueryTerm[], body: readonly string[]): Occurrence[] {
  const wanted = new Map<string, number>();
  query.forEach(({ terms }, at) => terms.forEach((term) => wanted.has(term) || wanted.set(term, at)));
  const found: Occurrence[] = [];
  body.forEach((term, position) => {
    const at = wanted.get(term);
    if (at !== undefined) found.push({ position, query: at });
  });
  return found;
}
