// Citation markers in an answer: `[2]`, `[1][3]`, `[1, 3]`. Those in code are not markers.

export interface Marker {
  n: number;
  /** Characters in the whole text. */
  start: number;
  end: number;
}

const LONGEST_MARKER = 24;

/** Finds markers in a text that comes in pieces, each as soon as its bracket closes. */
export class MarkerScanner {
  /** Text that may be the beginning of something, and its place in the whole. */
  #rest = "";
  #at = 0;
  #isFenced = false;
  #isCode = false;
  #isLineStart = true;

  push(piece: string): Marker[] {
    const text = this.#rest + piece;
    const found: Marker[] = [];
    let at = 0;
    while (at < text.length) {
      const step = this.#step(text, at, found);
      if (step === 0) break;
      at += step;
    }
    this.#rest = text.slice(at);
    this.#at += at;
    return found;
  }

  /** How many characters were dealt with; 0 when more text must come first. */
  #step(text: string, at: number, found: Marker[]): number {
    const char = text.charAt(at);
    if (char === "\n") {
      this.#isLineStart = true;
      this.#isCode = false;
      return 1;
    }
    const wasLineStart = this.#isLineStart;
    this.#isLineStart = wasLineStart && (char === " " || char === "\t");
    if (char === "`" || char === "~") return this.#ticks(text, at, wasLineStart);
    if (char !== "[" || this.#isFenced || this.#isCode) return 1;
    return this.#bracket(text, at, found);
  }

  #ticks(text: string, at: number, wasLineStart: boolean): number {
    const char = text.charAt(at);
    let end = at;
    while (text.charAt(end) === char) end++;
    if (wasLineStart) {
      // Whether it is a fence shows only when the next character is there.
      if (end === text.length && end - at < 3) {
        this.#isLineStart = true;
        return 0;
      }
      if (end - at >= 3) {
        this.#isFenced = !this.#isFenced;
        return end - at;
      }
    }
    if (char === "`" && !this.#isFenced) this.#isCode = !this.#isCode;
    return end - at;
  }

  #bracket(text: string, at: number, found: Marker[]): number {
    const window = text.slice(at, at + LONGEST_MARKER);
    const close = window.indexOf("]");
    if (!/^\[[\d,;\s]*$/.test(close < 0 ? window : window.slice(0, close))) return 1;
    if (close < 0) return window.length < LONGEST_MARKER ? 0 : 1;
    const end = at + close + 1;
    const inside = window.slice(1, close);
    for (const digits of inside.match(/\d+/g) ?? []) {
      found.push({ n: Number(digits), start: this.#at + at, end: this.#at + end });
    }
    return end - at;
  }
}

export function markersIn(text: string): Marker[] {
  return new MarkerScanner().push(text);
}

/** A text without its markers and the emphasis signs of Markdown. */
export function withoutMarks(text: string): string {
  return text
    .replace(/\s{0,2}\[\d[\d,;\s]{0,20}\]/g, "")
    .replace(/[*_`]{1,3}/g, "")
    .trim();
}
