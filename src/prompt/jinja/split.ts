// Python's ways of splitting text.

import { fault } from "./fault.ts";

/** `str.split` and `rsplit`; `separator` null splits at runs of blanks, a negative limit is none. */
export function splitText(
  text: string,
  separator: string | null,
  { limit, fromEnd }: { limit: number; fromEnd: boolean },
): string[] {
  if (separator === null) return splitBlanks(text, limit, fromEnd);
  if (separator === "") fault("ValueError", "empty separator");
  const pieces = text.split(separator);
  if (limit < 0 || pieces.length - 1 <= limit) return pieces;
  const cut = fromEnd ? pieces.length - limit : limit;
  return fromEnd
    ? [pieces.slice(0, cut).join(separator), ...pieces.slice(cut)]
    : [...pieces.slice(0, cut), pieces.slice(cut).join(separator)];
}

function splitBlanks(text: string, limit: number, fromEnd: boolean): string[] {
  const words = [...text.matchAll(/\S+/g)];
  if (limit < 0 || words.length <= limit) return words.map(([word]) => word);
  if (fromEnd) {
    const cut = words.length - limit;
    const head = words[cut - 1];
    const end = head ? head.index + head[0].length : 0;
    return [text.slice(0, end), ...words.slice(cut).map(([word]) => word)];
  }
  const start = words[limit]?.index ?? 0;
  return [...words.slice(0, limit).map(([word]) => word), text.slice(start)];
}

/** What Python ends a line at, besides the pair of carriage return and line feed. */
const LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029";
const LINE_END = new RegExp(`\r\n|[${LINE_ENDS}]`, "g");

/** Python `str.splitlines`: a line end at the end of the text begins no further line. */
export function splitLines(text: string, keepEnds: boolean): string[] {
  const lines: string[] = [];
  let from = 0;
  for (const match of text.matchAll(LINE_END)) {
    const end = match.index + match[0].length;
    lines.push(text.slice(from, keepEnds ? end : match.index));
    from = end;
  }
  if (from < text.length) lines.push(text.slice(from));
  return lines;
}
