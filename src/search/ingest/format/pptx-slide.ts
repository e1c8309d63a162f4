import { type SpannedCell, spreadRows } from "./table.ts";
import { readXml } from "./xml.ts";

/** One box on a slide, or a table. */
export interface Shape {
  /** `list` is the box for the slide's text, or on a page of notes what the speaker wrote. */
  role: "title" | "list" | "text";
  lines: { text: string; depth: number }[];
  rows: string[][];
  /** Where it is known whether the first row is one. */
  hasHeader?: boolean;
}

// The number of the slide, the date and the foot of every slide say nothing about it.
const FURNITURE = new Set(["sldNum", "dt", "ftr", "hdr", "sldImg"]);
const TITLES = new Set(["title", "ctrTitle"]);

/** The shapes of a slide, or of the notes of one, in the order of the file. */
export function readSlide(xml: string): Shape[] {
  const shapes: Shape[] = [];
  let shape: (Shape & { isFurniture: boolean }) | undefined;
  let line: { text: string; depth: number } | undefined;
  let cell: { texts: string[]; columns: number; rows: number } | undefined;
  let rows: SpannedCell[][] = [];
  // What is given in two forms is read once.
  let fallback = 0;
  let inText = false;
  const begin = (): void => {
    shape = { role: "text", lines: [], rows: [], isFurniture: false };
  };
  const end = (): void => {
    if (shape && !shape.isFurniture) {
      const { role, lines } = shape;
      shapes.push({ role, lines, rows: spreadRows(rows) });
    }
    shape = undefined;
    rows = [];
  };
  readXml(xml, {
    open(name, attributes) {
      if (name === "Fallback") fallback += 1;
      if (fallback > 0) return;
      if (name === "sp" || name === "graphicFrame") begin();
      else if (!shape) return;
      else if (name === "ph") {
        const type = attributes["type"] ?? "body";
        shape.isFurniture = FURNITURE.has(type);
        shape.role = TITLES.has(type) ? "title" : type === "body" || type === "obj" ? "list" : "text";
      } else if (name === "tr") rows.push([]);
      // What another cell spans is there too, and empty.
      else if (name === "tc" && !attributes["hMerge"] && !attributes["vMerge"]) {
        const { gridSpan = 1, rowSpan = 1 } = attributes;
        cell = { texts: [], columns: Number(gridSpan) || 1, rows: Number(rowSpan) || 1 };
      } else if (name === "p") line = { text: "", depth: 1 };
      else if (name === "pPr" && line) line.depth = Number(attributes["lvl"] ?? 0) + 1 || 1;
      else if (name === "br" && line) line.text += "\n";
      else if (name === "t") inText = true;
    },
    text(text) {
      if (inText && fallback === 0 && line) line.text += text;
    },
    close(name) {
      if (name === "Fallback") fallback = Math.max(0, fallback - 1);
      else if (fallback > 0) return;
      else if (name === "t") inText = false;
      else if (name === "p" && line) {
        if (cell) cell.texts.push(line.text);
        else if (line.text.trim() !== "") shape?.lines.push(line);
        line = undefined;
      } else if (name === "tc") {
        if (cell) rows.at(-1)?.push({ text: cell.texts.join(" "), columns: cell.columns, rows: cell.rows });
        cell = undefined;
      } else if (name === "sp" || name === "graphicFrame") end();
    },
  });
  return shapes;
}
