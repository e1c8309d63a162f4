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
  const isNumber = (cell: string): boolean => /^[-+$€£]?[\d.,:%/-]*\d[\d.,:%/-]*$/.test(cell);
  return cells.filter((cell) => cell !== "").length >= cells.length * 0.7 && !cells.some(isNumber);
}
