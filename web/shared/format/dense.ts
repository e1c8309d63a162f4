/**
 * True for text with a word that may be longer than a line. Chromium breaks such a word where it would fit without kerning, so
 * that with kerning a few letters stand out of their box; and the time it takes grows with the square of the word's length (half
 * a minute for 200 kB). Text with such a word is set without kerning: `data-dense`.
 */
export function isDense(text: string): boolean {
  return /\S{24}/.test(text);
}
