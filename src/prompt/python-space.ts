// What Python calls white space, in `\s` and `str.strip()`. JavaScript's own `\s` differs in a few characters.

const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const ONE = new RegExp(`[${SPACE}]`);
const WORDS = new RegExp(`[^${SPACE}]+`, "g");

export function isSpace(char: string | undefined): boolean {
  return char !== undefined && ONE.test(char);
}

/** Python's `text.strip()`. */
export function pyStrip(text: string): string {
  const start = skipSpace(text, 0);
  return start === text.length ? "" : text.slice(start, skipSpaceBack(text, text.length));
}

/** The first position from `at` on that is no white space. */
export function skipSpace(text: string, at: number): number {
  let end = at;
  while (end < text.length && isSpace(text[end])) end++;
  return end;
}

/** The position behind the last character before `at` that is no white space. */
export function skipSpaceBack(text: string, at: number): number {
  let start = at;
  while (start > 0 && isSpace(text[start - 1])) start--;
  return start;
}

/** The same text with everything but white space replaced, character by character. */
export function blot(text: string, by: string): string {
  return text.replace(WORDS, (word) => by.repeat(word.length));
}
