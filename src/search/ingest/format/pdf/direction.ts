const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/gu;
const LETTER = /\p{L}/gu;

/** Whether most letters of a text are read from right to left. */
export function isRightToLeft(text: string): boolean {
  const count = text.match(RIGHT_TO_LEFT)?.length ?? 0;
  return count > 0 && count * 2 > (text.match(LETTER)?.length ?? 0);
}

/** What stands on a line from right to left, in the order it is read in: words of other scripts among it keep theirs. */
export function inReadingOrder<T extends { str: string; x: number }>(runs: readonly T[]): T[] {
  const ordered: T[] = [];
  let other: T[] = [];
  for (const run of runs.toSorted((a, b) => b.x - a.x)) {
    const isOther = /[\p{L}\p{N}]/u.test(run.str) && run.str.search(RIGHT_TO_LEFT) < 0;
    if (isOther) other.unshift(run);
    else {
      ordered.push(...other, run);
      other = [];
    }
  }
  return [...ordered, ...other];
}
