// One text of a stream as a moderator is shown it: in windows that overlap, whole words, and also as JSON means it.

/** A word is waited for until it has so many letters: cut short it could be another one. */
const LONGEST_WORD = 64;
/** Scripts without blanks between words have no words to wait for. */
const OF_WORD = /[\w\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{M}]/u;
const ESCAPE = /\\(?:u([0-9a-f]{4})|(["\\/bfnrt]))/gi;
const OPEN_ESCAPE = /(?:^|[^\\])(?:\\\\)*(\\(?:u[0-9a-f]{0,3})?)$/i;
const MEANT: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

interface View {
  all: string;
  checked: number;
}

/** Where a chunk's text ends, in each view. */
export type TextEnd = readonly [written: number, meant: number];

export class HeldText {
  readonly #holdBack: number;
  readonly #written: View = { all: "", checked: 0 };
  /** With `\n` and `\u0041` as what they stand for; made when there is a first one. */
  #meant: View | undefined;
  /** The beginning of an escape whose end has not come. */
  #open = "";
  #isEnded = false;

  constructor(holdBack: number) {
    this.#holdBack = holdBack;
  }

  add(added: string): TextEnd {
    if (!this.#meant && added.includes("\\")) this.#meant = { ...this.#written };
    this.#written.all += added;
    if (this.#meant) {
      const text = this.#open + added;
      this.#open = OPEN_ESCAPE.exec(text)?.[1] ?? "";
      this.#meant.all += meaning(text.slice(0, text.length - this.#open.length));
    }
    this.#isEnded = false;
    return this.#end();
  }

  /** Nothing follows: what is left needs no more of it. */
  end(): TextEnd {
    if (this.#meant) this.#meant.all += this.#open;
    this.#open = "";
    this.#isEnded = true;
    return this.#end();
  }

  /** Windows with at least so many new characters; they count as checked from here on. */
  take(least: number): string[] {
    const windows: string[] = [];
    for (const view of this.#views()) {
      const to = this.#isEnded ? view.all.length : view.all.length - wordBefore(view.all, view.all.length);
      if (to - view.checked < (this.#isEnded ? 1 : least)) continue;
      // With what was kept back before, since a phrase may begin there.
      const from = Math.max(0, view.checked - this.#holdBack);
      windows.push(view.all.slice(from - wordBefore(view.all, from), to));
      view.checked = to;
    }
    return windows;
  }

  /** Whether what ends there has been checked, with as much after it as is kept back. */
  isFree([written, meant]: TextEnd): boolean {
    const isFree = (view: View, end: number): boolean =>
      // What follows may have come and not been checked yet: it does not count.
      end + this.#holdBack <= view.checked || (this.#isEnded && view.checked === view.all.length);
    return isFree(this.#written, written) && (this.#meant === undefined || isFree(this.#meant, meant));
  }

  #views(): View[] {
    return this.#meant ? [this.#written, this.#meant] : [this.#written];
  }

  #end(): TextEnd {
    const written = this.#written.all.length;
    return [written, this.#meant ? this.#meant.all.length + this.#open.length : written];
  }
}

/** Letters of the word that goes on at `place`; 0 where it is too long to be one. */
function wordBefore(text: string, place: number): number {
  let start = place;
  while (start > 0 && place - start <= LONGEST_WORD && OF_WORD.test(text[start - 1] as string)) start--;
  return place - start > LONGEST_WORD ? 0 : place - start;
}

function meaning(text: string): string {
  return text.replace(ESCAPE, (_, code: string | undefined, sign: string) =>
    code === undefined ? (MEANT[sign] ?? sign) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
