// PDF knows no lines: it places runs of glyphs. They are put together again by where they stand.

/** A run of text as pdf.js gives it. */
export interface TextRun {
  str: string;
  x: number;
  y: number;
  width: number;
  fontSize: number;
  hasEOL: boolean;
}

export interface Line {
  text: string;
  x: number;
  y: number;
  right: number;
  fontSize: number;
  /** Parts of the line that wide gaps set apart, as the cells of a table are. */
  cells: string[];
}

// In font sizes: a smaller gap than the first is none, a larger one than the second parts cells.
const WORD_GAP = 0.15;
const CELL_GAP = 1;

/** Runs in the order of the page's content, joined to lines. */
export function toLines(runs: readonly TextRun[]): Line[] {
  const lines: Line[] = [];
  let current: Line | undefined;
  for (const run of runs) {
    if (run.str.trim() === "") {
      if (run.hasEOL) current = undefined;
      continue;
    }
    const size = run.fontSize || 10;
    if (current && Math.abs(run.y - current.y) < size * 0.45 && run.x >= current.right - size) {
      const gap = run.x - current.right;
      if (gap > size * CELL_GAP) current.cells.push(run.str);
      else {
        const blank = gap > size * WORD_GAP && !/\s$/.test(current.cells.at(-1)!) && !/^\s/.test(run.str);
        current.cells[current.cells.length - 1] += (blank ? " " : "") + run.str;
      }
      current.right = Math.max(current.right, run.x + run.width);
      current.fontSize = Math.max(current.fontSize, size);
    } else {
      current = { text: "", x: run.x, y: run.y, right: run.x + run.width, fontSize: size, cells: [run.str] };
      lines.push(current);
    }
  }
  for (const line of lines) {
    line.cells = line.cells.map((cell) => cell.replaceAll(/\s+/g, " ").trim()).filter((cell) => cell !== "");
    line.text = line.cells.join(" ");
  }
  return lines.filter(({ text }) => text !== "");
}
