// Passages of one long paragraph overlap, so that each says enough by itself; found together they would say it twice.

import type { Hit, Passage } from "./search-index.ts";

/** The hits without what a better one of the same document shows already; what is left of a passage is the stretch it names. */
export function withoutRepeats(hits: readonly Hit[]): Hit[] {
  const shown = new Map<string, Passage[]>();
  return hits.map((hit) => {
    const better = shown.get(hit.passage.documentId) ?? [];
    shown.set(hit.passage.documentId, better);
    const own = better.reduce(withoutPartOf, hit);
    better.push(hit.passage);
    return own;
  });
}

function withoutPartOf(hit: Hit, { start, end, text }: Passage): Hit {
  const { passage } = hit;
  if (start < passage.start && passage.start < end && end < passage.end) {
    const length = end - passage.start;
    // Places of another index may mean something else; the same words do not.
    if (!text.endsWith(passage.text.slice(0, length))) return hit;
    const from = length + (/^\s*/.exec(passage.text.slice(length))?.[0].length ?? 0);
    return cut(hit, from, passage.text.length);
  }
  if (passage.start < start && start < passage.end && passage.end < end) {
    const length = passage.end - start;
    if (!text.startsWith(passage.text.slice(-length))) return hit;
    return cut(hit, 0, passage.text.slice(0, -length).trimEnd().length);
  }
  return hit;
}

function cut({ passage, highlights, caption, ...rest }: Hit, from: number, to: number): Hit {
  const start = passage.start + from;
  const end = passage.end - (passage.text.length - to);
  const own: Hit = {
    ...rest,
    passage: { ...passage, text: passage.text.slice(from, to), start, end },
    highlights: highlights
      .filter((span) => span.start >= from && span.end <= to)
      .map((span) => ({ start: span.start - from, end: span.end - from })),
  };
  // A sentence that stands in the repeated part is shown by the better hit.
  if (caption && caption.start >= start && caption.end <= end) own.caption = caption;
  return own;
}
