import { FlowsteadError } from "../../../base/error/error.ts";
import type { IngestLimits } from "../limit.ts";
import type { CellFormats } from "./xlsx-format.ts";
import { readXml } from "./xml.ts";

/** The texts that cells refer to by number; what is said for readers of ideograms is left out. */
export function readSharedStrings(xml: string | undefined): string[] {
  const strings: string[] = [];
  if (xml === undefined) return strings;
  let text = "";
  let inText = false;
  let phonetic = false;
  readXml(xml, {
    open(name) {
      if (name === "si") text = "";
      else if (name === "rPh") phonetic = true;
      else if (name === "t") inText = !phonetic;
    },
    text(part) {
      if (inText) text += part;
    },
    close(name) {
      if (name === "t") inText = false;
      else if (name === "rPh") phonetic = false;
      else if (name === "si") strings.push(text);
    },
  });
  return strings;
}

interface SheetParts {
  strings: readonly string[];
  formats: CellFormats;
  limits: IngestLimits;
}

/** Rows as people see them; rows that are not there at all come as one empty row. Columns without a cell are holes.
 * @throws FlowsteadError `DocumentTooLarge`. */
export function readSheet(xml: string, { strings, formats, limits }: SheetParts): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let last = 0;
  let cell: { type: string; style: number; value: string; inline: string } | undefined;
  let into: "value" | "inline" | undefined;
  let characters = 0;
  readXml(xml, {
    open(name, attributes) {
      if (name === "row") {
        const number = Number(attributes["r"] ?? last + 1) || last + 1;
        if (number > last + 1 && rows.length > 0) rows.push([]);
        last = number;
        row = [];
      } else if (name === "c") {
        cell = { type: attributes["t"] ?? "n", style: Number(attributes["s"] ?? 0), value: "", inline: "" };
        const column = columnOf(attributes["r"] ?? "");
        for (let at = row.length; column !== undefined && at < column; at++) row.push("");
      } else if (name === "v") into = "value";
      else if (name === "t") into = "inline";
    },
    text(text) {
      if (cell && into) cell[into] += text;
    },
    close(name) {
      if (name === "v" || name === "t") into = undefined;
      else if (name === "c" && cell) {
        const text = cellText(cell, strings, formats);
        // Each cell of the sheet may refer to the same long text.
        characters += text.length;
        if (characters > limits.characters) {
          throw new FlowsteadError("DocumentTooLarge", `It holds more than ${limits.characters} characters of text.`);
        }
        row.push(text);
        cell = undefined;
      } else if (name === "row") rows.push(row);
    },
  });
  return rows;
}

// Excel has no column behind XFD.
const MOST_COLUMNS = 16_384;

/** The column of a reference such as `AB12`, from 0. */
function columnOf(reference: string): number | undefined {
  const letters = /^[A-Z]{1,3}/.exec(reference)?.[0];
  if (!letters) return undefined;
  const column = letters.split("").reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
  return Math.min(column, MOST_COLUMNS - 1);
}

interface Cell {
  type: string;
  style: number;
  value: string;
  inline: string;
}

function cellText({ type, style, value, inline }: Cell, strings: readonly string[], formats: CellFormats): string {
  if (type === "s") return strings[Number(value)] ?? "";
  if (type === "inlineStr") return inline;
  if (type === "str" || type === "e") return value;
  if (type === "b") return value === "1" ? "TRUE" : "FALSE";
  if (type === "d") return value;
  return formats.show(value, style);
}
