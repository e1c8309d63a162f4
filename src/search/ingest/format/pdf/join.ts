const UNSPACED_END = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}、。，；：）」]$/u;
const UNSPACED_START = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}、。，；：（「]/u;

/** A hyphen at the end of a line before a small letter is the printer's, not the author's, as a rule. */
export function joinLines(text: string, next: string): string {
  if (/\p{Ll}[\u00ad\u2010]$/u.test(text) && /^\p{Ll}/u.test(next)) return text.slice(0, -1) + next;
  if (/\p{Ll}-$/u.test(text) && /^\p{Ll}/u.test(next)) return text.slice(0, -1) + next;
  // Chinese and Japanese put no blank between words, so none between lines.
  if (UNSPACED_END.test(text) && UNSPACED_START.test(next)) return text + next;
  return /[-‐/]$/.test(text) ? text + next : `${text} ${next}`;
}
