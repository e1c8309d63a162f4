const NUMBER = /^[-+$€£]?[\d.,:%/-]*\d[\d.,:%/-]*$/;

/** Rows as Markdown, which people and models read alike; `headerLength` is the length of header and rule, or 0. */
export function tableText(
  rows: readonly (readonly string[])[],
  header: boolean,
): { text: string; headerLength: number } {
  const filled = rows
    .map((row) => row.map((cell) => cell.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").trim()))
    .filter((row) => row.some((cell) => cell !== ""));
  // Not by spreading: a sheet has more rows than a call may have arguments.
  const columns = filled.reduce((most, row) => Math.max(most, row.length), 0);
  if (columns === 0) return { text: "", headerLength: 0 };
  const line = (row: readonly string[]): string =>
    `| ${Array.from({ length: columns }, (_, at) => row[at] ?? "").join(" | ")} |`;
  const body = filled.map(line);
  if (!header || body.length < 2) return { text: body.join("\n"), headerLength: 0 };
  const head = `${body[0]!}\n|${" --- |".repeat(columns)}`;
  return { text: [head, ...body.slice(1)].join("\n"), headerLength: head.length };
}

/** Writers seldom mark a header row; one with nearly all cells filled and none of them a number is one. */
export function headerOf(rows: readonly (readonly string[])[]): boolean {
  const [first, second] = rows;
  if (!first || !second || first.length < 2) return false;
  const cells = first.map((cell) => cell.trim());
  return cells.filter((cell) => cell !== "").length >= cells.length * 0.7 && !cells.some(isAmount);
}

/** A cell as a format gives it: in its row after those before it, over so many columns and rows. */
export interface SpannedCell {
  text: string;
  columns: number;
  rows: number;
}

/** A longer text is said in the first of its places only. */
const LONGEST_REPEATED = 200;

/**
 * Rows of equal width: what a cell says holds for each column and row that it spans, so that a row tells all by itself; one over the
 * whole width is said once. A head of several rows, such as years over quarters, becomes one.
 */
export function spreadRows(rows: readonly (readonly SpannedCell[])[]): string[][] {
  const spread: string[][] = rows.map(() => []);
  const taken: boolean[][] = rows.map(() => []);
  const wide: { from: number; to: number }[] = [];
  // A page may say that a cell spans a thousand columns, and mean all that there are.
  const most = rows.reduce((count, { length }) => Math.max(count, length), 1);
  rows.forEach((row, at) => {
    let column = 0;
    for (const { text, columns, rows: height } of row) {
      while (taken[at]![column]) column += 1;
      const to = column + Math.min(Math.max(1, columns), most);
      for (let y = at; y < Math.min(at + Math.max(1, height), rows.length); y++) {
        for (let x = column; x < to; x++) {
          if (taken[y]![x]) continue;
          taken[y]![x] = true;
          spread[y]![x] = text.length <= LONGEST_REPEATED || (x === column && y === at) ? text : "";
        }
      }
      if (at === 0 && to - column > 1 && text.trim() !== "") wide.push({ from: column, to });
      column = to;
    }
  });
  const width = spread.reduce((most, row) => Math.max(most, row.length), 0);
  const filled = spread.map((row, at) => {
    const isOne = rows[at]!.length === 1 && row.length === width;
    return Array.from({ length: width }, (_, x) => (isOne && x > 0 ? "" : (row[x] ?? "")));
  });
  const [top = [], below = []] = filled;
  const isUnderWide = (x: number): boolean => wide.some(({ from, to }) => x >= from && x < to);
  const isHead =
    filled.length > 2 &&
    wide.some(({ from, to }) => to - from < width) &&
    below.every((text, x) => !isAmount(text) && (isUnderWide(x) || text === "" || top[x] === "" || text === top[x]));
  if (!isHead) return filled;
  const head = top.map((text, x) => (text === below[x] ? text : `${text} ${below[x]!}`.trim()));
  return [head, ...filled.slice(2)];
}

/** A year may be the name of a column. */
function isAmount(text: string): boolean {
  return NUMBER.test(text.trim()) && !/^(?:19|20)\d\d$/.test(text.trim());
}
