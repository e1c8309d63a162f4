import type { DocumentBuilder } from "../document-builder.ts";
import { joinLines } from "./join.ts";
import type { Line } from "./line.ts";
import { headerOf } from "../table.ts";

const BULLET = /^(?:[•◦▪‣●○■–—*·]|-(?=\s)|\uf0b7)\s*/;
const NUMBERED = /^(\d{1,3}[.)])\s+(?=\S)/;

/** The size most text is set in, which headings exceed. */
export function bodySize(pages: readonly (readonly Line[])[]): number {
  const characters = new Map<number, number>();
  for (const { fontSize, text } of pages.flat()) {
    const size = Math.round(fontSize * 2) / 2;
    characters.set(size, (characters.get(size) ?? 0) + text.length);
  }
  return [...characters].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 10;
}

/** Heading sizes from the largest to the smallest; their place is the level. */
export function headingSizes(pages: readonly (readonly Line[])[], body: number): number[] {
  const sizes = pages
    .flat()
    .filter((line) => isHeading(line, body))
    .map(({ fontSize }) => Math.round(fontSize));
  return [...new Set(sizes)].sort((a, b) => b - a);
}

export function isHeading({ fontSize, text, parts, rows }: Line, body: number): boolean {
  // The bullet of a small text may be large.
  if (rows || BULLET.test(text)) return false;
  return fontSize > body * 1.12 && text.length <= 160 && parts.length <= 2 && /\p{L}/u.test(text);
}

/** What the whole document tells of each of its pages. */
interface Setting {
  body: number;
  headings: number[];
  /** A text without marks of hyphens, as of `hyphensOf`. */
  whole(text: string): string;
}

/** One page's lines as headings, paragraphs, list items and tables. */
export function layOut(lines: readonly Line[], builder: DocumentBuilder, setting: Setting) {
  let at = 0;
  while (at < lines.length) {
    const line = lines[at]!;
    if (line.rows) {
      const rows = line.rows.map((row) => row.map((cell) => setting.whole(cell)));
      builder.table(rows, headerOf(rows));
      at += 1;
    } else if (isHeading(line, setting.body)) at = heading(lines, at, builder, setting);
    else at = flowing(lines, at, builder, setting);
  }
}

function heading(
  lines: readonly Line[],
  from: number,
  builder: DocumentBuilder,
  { body, headings, whole }: Setting,
): number {
  const size = Math.round(lines[from]!.fontSize);
  const text: string[] = [];
  let at = from;
  // A long heading goes on in the next line, set in the same size and close by.
  while (at < lines.length && isHeading(lines[at]!, body) && Math.round(lines[at]!.fontSize) === size) {
    if (at > from && Math.abs(lines[at - 1]!.y - lines[at]!.y) > size * 1.5) break;
    text.push(lines[at]!.text);
    at += 1;
  }
  builder.heading(headings.indexOf(size) + 1, whole(text.reduce(joinLines)));
  return at;
}

function flowing(lines: readonly Line[], from: number, builder: DocumentBuilder, { body, whole }: Setting): number {
  const first = lines[from]!;
  const bullet = BULLET.exec(first.text)?.[0];
  const marker = bullet === undefined ? NUMBERED.exec(first.text)?.[1] : undefined;
  let text = first.text.slice((bullet ?? marker ?? "").length).trim();
  let at = from + 1;
  let spacing: number | undefined;
  while (at < lines.length) {
    const line = lines[at]!;
    const step = lines[at - 1]!.y - line.y;
    spacing ??= Math.min(step, line.fontSize * 1.6);
    const goesOn =
      !line.rows &&
      step >= 0 &&
      step <= Math.max(spacing, line.fontSize) * 1.25 &&
      !isHeading(line, body) &&
      // What stands left of a bullet is no longer part of its item.
      (bullet === undefined || line.x >= first.x - 1) &&
      Math.abs(line.fontSize - first.fontSize) < 1.5 &&
      !BULLET.test(line.text) &&
      !NUMBERED.test(line.text);
    if (!goesOn) break;
    text = joinLines(text, line.text);
    at += 1;
  }
  text = whole(text);
  if (bullet !== undefined) builder.item(text);
  else if (marker !== undefined) builder.item(text, 1, marker.replace(")", "."));
  else builder.paragraph(text);
  return at;
}
