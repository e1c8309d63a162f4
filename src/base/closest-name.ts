/** The name that was probably meant by one that is not known; undefined when none is near. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const meant = known.filter((key) => distance(key, name) <= Math.max(1, name.length / 3));
  return meant.toSorted((a, b) => distance(a, name) - distance(b, name))[0];
}

/** How many letters are to be changed, put in, left out or swapped with the next. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= a.length; row++) {
    const cells = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      cells[column] = Math.min(
        at(rows, row - 1, column) + 1,
        (cells[column - 1] ?? 0) + 1,
        at(rows, row - 1, column - 1) + same,
        swapped ? at(rows, row - 2, column - 2) + 1 : Infinity,
      );
    }
    rows.push(cells);
  }
  return at(rows, a.length, b.length);
}

function at(rows: readonly number[][], row: number, column: number): number {
  return rows[row]?.[column] ?? Infinity;
}
