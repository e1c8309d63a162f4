import type { Analyzer } from "./analysis/analyzer.ts";
import type { Span } from "./analysis/span.ts";
import type { Passage } from "./search-index.ts";
import { type UnderstoodQuery, wantedTerms } from "./query.ts";

/** Where the words of a query stand in a passage's text; words beside each other make one span. */
export function highlight(
  { text, language }: Pick<Passage, "text" | "language">,
  query: UnderstoodQuery,
  analyzer: Analyzer,
): Span[] {
  const wanted = new Set(wantedTerms(query));
  const spans: Span[] = [];
  for (const { term, start, end } of analyzer.tokens(text, language)) {
    if (!wanted.has(term)) continue;
    const last = spans.at(-1);
    if (last && (start <= last.end || /^[\s\p{Pd}]{1,3}$/u.test(text.slice(last.end, start)))) {
      last.end = Math.max(last.end, end);
      last.start = Math.min(last.start, start);
    } else spans.push({ start, end });
  }
  return spans;
}
