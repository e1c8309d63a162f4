/**
 * True for text with a word of a thousand characters. Breaking such a word in a font with kerning takes the browser time that
 * grows with the square of its length (half a minute for 200 kB), so that text is set without kerning: `data-dense`.
 */
export function isDense(text: string): boolean {
  return /\S{1000}/.test(text);
}
