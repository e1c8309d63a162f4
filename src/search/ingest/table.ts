/** Rows as Markdown, which people and models read alike; `headerLength` is the length of header and rule, or 0. */
export function tableText(
  rows: readonly (readonly string[])[],
  header: boolean,
): { text: string; headerLength: number } {
  const filled = rows
    .map((row) => row.map((cell) => cell.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").trim()))
    .filter((row) => row.some((cell) => cell !== ""));
  const columns = Math.max(0, ...filled.map((row) => row.length));
  if (columns === 0) return { text: "", headerLength: 0 };
  const line = (row: readonly string[]): string =>
    `| ${Array.from({ length: columns }, (_, at) => row[at] ?? "").join(" | ")} |`;
  const body = filled.map(line);
  if (!header || body.length < 2) return { text: body.join("\n"), headerLength: 0 };
  const head = `${body[0]!}\n|${" --- |".repeat(columns)}`;
  return { text: [head, ...body.slice(1)].join("\n"), headerLength: head.length };
}
