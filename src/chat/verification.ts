// Whether the passages that an answer cites say what it says, by rule and named so: words, figures, units, dates, negation.

import { CHECK_NAME, verifyClaim } from "../search/verify.ts";
import type { CitationCheck } from "./event.ts";

// An answer can be hostile: what is beyond these is not checked.
const MOST_CHECKS = 60;
const LONGEST_SENTENCE = 1000;

/**
 * Checks each citing sentence against each passage it cites. A sentence that cites several is supported when one of them
 * supports it; the others are told so.
 */
export function checkCitations(
  citing: ReadonlyMap<number, readonly string[]>,
  textOf: (n: number) => string | undefined,
): Map<number, CitationCheck[]> {
  const checks = new Map<number, CitationCheck[]>();
  const supported = new Set<string>();
  let left = MOST_CHECKS;
  for (const [n, sentences] of citing) {
    const text = textOf(n);
    const own: CitationCheck[] = [];
    for (const sentence of text === undefined ? [] : sentences) {
      if (left-- <= 0 || sentence.length > LONGEST_SENTENCE) continue;
      const { isSupported, overlap, start, end, reason } = verifyClaim(sentence, text!);
      if (isSupported) supported.add(sentence);
      const check = { rule: CHECK_NAME, sentence, supported: isSupported, overlap, start, end };
      own.push(reason === undefined ? check : { ...check, reason });
    }
    if (own.length > 0) checks.set(n, own);
  }
  for (const own of checks.values()) {
    for (const check of own) if (!check.supported && supported.has(check.sentence)) check.supportedElsewhere = true;
  }
  return checks;
}
