/** Columns as wide as their widest cell, up to a limit; longer cells are cut. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[], maxWidth = 48): string {
  const cells = [columns, ...rows].map((row) => row.map((text) => shortened(text.replace(/\s+/g, " "), maxWidth)));
  const widths = columns.map((_name, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd();
  const [head = [], ...body] = cells;
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...body.map(line)].join("\n");
}

function shortened(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
