import type { Span } from "../wire/contract.ts";

/** A text in pieces, marked or not. Spans that overlap are joined, what lies outside the text is cut off. */
export function highlighted(text: string, spans: readonly Span[]): { text: string; marked: boolean }[] {
  const pieces: { text: string; marked: boolean }[] = [];
  let at = 0;
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    const from = Math.max(at, Math.min(start, text.length));
    const to = Math.min(end, text.length);
    if (to <= from) continue;
    if (from > at) pieces.push({ text: text.slice(at, from), marked: false });
    const last = pieces.at(-1);
    if (last?.marked && from === at) last.text += text.slice(from, to);
    else pieces.push({ text: text.slice(from, to), marked: true });
    at = to;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), marked: false });
  return pieces;
}

/** The same of some stretches of a text, put together; `spans` are places in the whole text. */
export function highlightedIn(
  text: string,
  stretches: readonly Span[],
  spans: readonly Span[],
): { text: string; marked: boolean }[] {
  const pieces: { text: string; marked: boolean }[] = [];
  for (const { start: from, end: to } of stretches) {
    const moved = spans.map(({ start, end }) => ({ start: start - from, end: end - from }));
    for (const piece of highlighted(text.slice(from, to), moved)) {
      const last = pieces.at(-1);
      if (last?.marked === piece.marked) last.text += piece.text;
      else pieces.push(piece);
    }
  }
  return pieces;
}
