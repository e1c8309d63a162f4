// Tables that fit the terminal: a long cell goes on in the next line of its column. Of a document in a cell its beginning is
// shown, and how much follows: who wants the whole asks for JSON.

const GAP = 2;
/** Columns narrower than this are no longer read as columns: each row then stands as a list of its own. */
const NARROWEST = 6;
const MOST_LINES = 20;

export function table(columns: readonly string[], rows: readonly (readonly string[])[], width: number): string {
  const cells = [columns, ...rows].map((row) => row.map((text) => text.replace(/\s+/g, " ").trim()));
  const natural = columns.map((_, index) => longest(cells.map((row) => row[index] ?? "")));
  const widths = fitted(cells, natural, width - GAP * (columns.length - 1));
  if (widths.some((given, index) => given < Math.min(natural[index] ?? 0, NARROWEST))) return lists(cells, width);
  const [head = "", ...body] = cells.map((row) => lines(row, widths));
  const rule = widths.map((one) => "-".repeat(one)).join(" ".repeat(GAP));
  // Where rows have several lines, one does not see where the next begins.
  const between = body.some((row) => row.includes("\n")) ? `\n${rule}\n` : "\n";
  return [head, rule, ...(body.length > 0 ? [body.join(between)] : [])].join("\n");
}

/** Widths that together are no more than `available`: the widest give way, and words are broken only when they must be. */
function fitted(cells: readonly (readonly string[])[], natural: readonly number[], available: number): number[] {
  const words = natural.map((_, index) => longest(cells.flatMap((row) => (row[index] ?? "").split(" "))));
  const unbroken = largest(natural, words, available);
  return (
    unbroken ??
    largest(
      natural,
      natural.map(() => 1),
      available,
    ) ??
    natural.map(() => 1)
  );
}

/** Of any number of texts: a call takes a limited number of arguments. */
function longest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, lengthOf(text)), 0);
}

/** The widths of the largest limit that fits, which no column keeps that needs more at least. */
function largest(natural: readonly number[], least: readonly number[], available: number): number[] | undefined {
  for (let limit = Math.max(available, 0); limit >= 0; limit -= 1) {
    const widths = natural.map((wish, index) => Math.min(wish, Math.max(least[index] ?? 0, limit)));
    if (widths.reduce((sum, width) => sum + width, 0) <= available) return widths;
  }
  return undefined;
}

function lines(row: readonly string[], widths: readonly number[]): string {
  const wrapped = widths.map((width, index) => wrap(row[index] ?? "", width));
  const height = Math.max(...wrapped.map((cell) => cell.length));
  return Array.from({ length: height }, (_, at) =>
    wrapped
      .map((cell, index) => padded(cell[at] ?? "", widths[index] ?? 0))
      .join(" ".repeat(GAP))
      .trimEnd(),
  ).join("\n");
}

function lists([columns = [], ...rows]: readonly (readonly string[])[], width: number): string {
  const indented = (text: string): string => wrap(text, Math.max(NARROWEST, width - GAP)).join(`\n${" ".repeat(GAP)}`);
  return rows
    .map((row) => columns.map((name, index) => indented(`${name}: ${row[index] ?? ""}`.trimEnd())).join("\n"))
    .join(`\n${"-".repeat(Math.max(NARROWEST, width))}\n`);
}

/** At least one line; words that are longer than a line are broken. */
function wrap(text: string, width: number): string[] {
  const found: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && lengthOf(line) + 1 + lengthOf(word) > width) {
      found.push(line);
      line = "";
    }
    const letters = Array.from(line === "" ? word : `${line} ${word}`);
    while (letters.length > Math.max(1, width)) found.push(letters.splice(0, Math.max(1, width)).join(""));
    line = letters.join("");
  }
  found.push(line);
  if (found.length <= MOST_LINES) return found;
  const left = found.splice(MOST_LINES - 1).reduce((sum, one) => sum + lengthOf(one), 0);
  const more = `… ${left} more`;
  return [...found, more.length > width ? "…" : more];
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - lengthOf(text)));
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
