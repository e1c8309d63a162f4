import { keptByText } from "../base/kept-by-text.ts";
import type { Analyzer } from "./analysis/analyzer.ts";
import type { Span } from "./analysis/span.ts";
import { bestSentence } from "./caption.ts";
import type { Lexicon } from "./lexicon.ts";
import type { Hit, Passage } from "./search-index.ts";
import { type UnderstoodQuery, wantedTerms } from "./query.ts";

/** What a hit says of its passage beside its rank: where the words stand, and the sentence that says most of the query. */
export function marks(
  passage: Passage,
  query: UnderstoodQuery,
  { analyzer, lexicon }: { analyzer: Analyzer; lexicon: Pick<Lexicon, "idf"> },
): Pick<Hit, "highlights" | "caption"> {
  const { text, language, start, end } = passage;
  const tokens = tokensOf(text, language, analyzer);
  const highlights = spansOf(text, tokens, new Set(wantedTerms(query)));
  if (highlights.length === 0) return { highlights };
  // What stands before the passage's own stretch, as a table's header, is said elsewhere in the document.
  const repeated = Math.max(0, text.length - (end - start));
  const weights = query.terms.map(({ terms }) => ({ terms, weight: Math.max(0, ...terms.map(lexicon.idf)) }));
  const weightOf = (held: ReadonlySet<string>): number =>
    weights.reduce((sum, { terms, weight }) => sum + (terms.some((term) => held.has(term)) ? weight : 0), 0);
  const own = text.slice(repeated);
  const inOwn = tokens.map((token) => ({ ...token, start: token.start - repeated, end: token.end - repeated }));
  const best = bestSentence(own, inOwn, weightOf);
  if (!best) return { highlights };
  const caption = { text: own.slice(best.start, best.end), start: start + best.start, end: start + best.end };
  return { highlights, caption };
}

type Tokens = ReturnType<Analyzer["tokens"]>;

/** The same passages are found again and again. */
const analysed = keptByText(500_000, () => new Map<string, Tokens>());

function tokensOf(text: string, language: string | undefined, analyzer: Analyzer): Tokens {
  const known = analysed(text);
  const how = `${analyzer.id} ${language ?? ""}`;
  let tokens = known.get(how);
  if (!tokens) known.set(how, (tokens = analyzer.tokens(text, language)));
  return tokens;
}

/** Words beside each other make one span. */
function spansOf(text: string, tokens: Tokens, wanted: ReadonlySet<string>): Span[] {
  const spans: Span[] = [];
  for (const { term, start, end } of tokens) {
    if (!wanted.has(term)) continue;
    const last = spans.at(-1);
    if (last && (start <= last.end || /^[\s\p{Pd}]{1,3}$/u.test(text.slice(last.end, start)))) {
      last.end = Math.max(last.end, end);
      last.start = Math.min(last.start, start);
    } else spans.push({ start, end });
  }
  return spans;
}
