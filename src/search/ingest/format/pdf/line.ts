// PDF knows no lines: it places runs of glyphs. They are put together again by where they stand.

import { inReadingOrder, isRightToLeft } from "./direction.ts";

/** A run of text as pdf.js gives it. */
export interface TextRun {
  str: string;
  x: number;
  y: number;
  width: number;
  fontSize: number;
  hasEOL: boolean;
}

/** A stretch of a line that wide gaps set apart, as the cells of a table are. */
export interface LinePart {
  text: string;
  x: number;
  right: number;
}

export interface Line {
  text: string;
  x: number;
  y: number;
  right: number;
  fontSize: number;
  parts: LinePart[];
  /** A whole table instead of a line. */
  rows?: string[][];
}

// In font sizes: a smaller gap than the first is none, a larger one than the second parts cells.
const WORD_GAP = 0.15;
const CELL_GAP = 1;

const MARKER = /^(?:[•◦▪‣●○■\uf0b7–—*·-]|\(?(?:\d{1,3}|\p{L})[.)])$/u;

/** Runs in the order of the page's content, joined to lines. */
export function toLines(runs: readonly TextRun[]): Line[] {
  const groups: Group[] = [];
  let current: Group | undefined;
  for (const run of runs) {
    if (run.str.trim() === "") {
      if (run.hasEOL) current = undefined;
      continue;
    }
    if (current && goesOn(current, run)) {
      current.runs.push(run);
      current.x = Math.min(current.x, run.x);
      current.right = Math.max(current.right, run.x + run.width);
      current.fontSize = Math.max(current.fontSize, sizeOf(run));
    } else {
      current = { runs: [run], x: run.x, y: run.y, right: run.x + run.width, fontSize: sizeOf(run) };
      groups.push(current);
    }
  }
  return groups.map(lineOf).filter(({ text }) => text !== "");
}

/** Runs of one line. */
interface Group {
  runs: TextRun[];
  x: number;
  y: number;
  right: number;
  fontSize: number;
}

function sizeOf({ fontSize }: TextRun): number {
  return fontSize || 10;
}

function goesOn(group: Group, run: TextRun): boolean {
  const size = sizeOf(run);
  // A footnote's mark is smaller than its line and stands above it.
  if (Math.abs(run.y - group.y) >= Math.max(size, group.fontSize) * 0.45) return false;
  if (run.x >= group.right - size) return true;
  return run.x + run.width <= group.x + size && [run, ...group.runs].some(({ str }) => isRightToLeft(str));
}

function lineOf({ runs, x, y, right, fontSize }: Group): Line {
  const isTurned = isRightToLeft(runs.map(({ str }) => str).join(""));
  const parts: LinePart[] = [];
  let before: TextRun | undefined;
  for (const run of isTurned ? inReadingOrder(runs) : runs) {
    const end = run.x + run.width;
    const gap = before ? Math.max(run.x - before.x - before.width, before.x - end) : 0;
    const last = parts.at(-1);
    if (!last || gap > sizeOf(run) * CELL_GAP) parts.push({ text: run.str, x: run.x, right: end });
    else {
      const blank = gap > sizeOf(run) * WORD_GAP && !/\s$/.test(last.text) && !/^\s/.test(run.str);
      last.text += (blank ? " " : "") + run.str;
      last.x = Math.min(last.x, run.x);
      last.right = Math.max(last.right, end);
    }
    before = run;
  }
  for (const part of parts) part.text = part.text.replaceAll(/\s+/g, " ").trim();
  const filled = withMarker(parts.filter(({ text }) => text !== ""));
  return { text: filled.map(({ text }) => text).join(" "), x, y, right, fontSize, parts: filled };
}

/** The mark of a list item, however far before its text, is no cell. */
function withMarker(parts: LinePart[]): LinePart[] {
  const [mark, text] = parts;
  if (!mark || !text || parts.length !== 2 || !MARKER.test(mark.text)) return parts;
  return [{ text: `${mark.text} ${text.text}`, x: mark.x, right: text.right }];
}
