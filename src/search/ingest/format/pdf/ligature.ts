// Lam and alef are drawn as one sign in Arabic. pdf.js turns the letters of a line around, and those of this sign with them, as if
// they were drawn one by one. Which pairs are one sign only the drawing tells.

import { getResolvedPDFJS } from "unpdf";

interface Item {
  str?: string;
}

interface Drawing {
  getOperatorList(): Promise<{ fnArray: ArrayLike<number>; argsArray: readonly unknown[] }>;
}

const TURNED = /[\u0622\u0623\u0625\u0627]\u0644/;
const SIGN = /^\u0644[\u0622\u0623\u0625\u0627]$/;
const LETTERS = /[\p{Script=Arabic}\p{Script=Hebrew}]/gu;

/** The texts of a page's items, with the letters of the sign in the order in which they are read. */
export async function withLigatures(items: readonly Item[], page: Drawing): Promise<(string | undefined)[]> {
  const texts = items.map(({ str }) => str);
  if (!texts.some((text) => text !== undefined && TURNED.test(text))) return texts;
  const drawn = await drawnLetters(page);
  if (!drawn.some(({ isSecond }) => isSecond)) return texts;
  let from = 0;
  return texts.map((text) => {
    const places = Array.from(text?.matchAll(LETTERS) ?? [], ({ index }) => index);
    const own = drawn.slice(from, from + places.length).toReversed();
    from += places.length;
    // Where the text is not what was drawn, from right to left, it stays as it is.
    if (text === undefined || !own.every(({ letter }, at) => letter === text[places[at]!])) return text;
    const letters = Array.from({ length: text.length }, (_, at) => text[at]!);
    own.forEach(({ isSecond }, at) => {
      const [first, second] = [places[at]!, places[at + 1]];
      if (isSecond && second === first + 1) [letters[first], letters[second]] = [letters[second]!, letters[first]!];
    });
    return letters.join("");
  });
}

interface Letter {
  letter: string;
  /** Of a sign of two. */
  isSecond: boolean;
}

/** Those read from right to left, from left to right as they were drawn. */
async function drawnLetters(page: Drawing): Promise<Letter[]> {
  const { OPS } = await getResolvedPDFJS();
  const { fnArray, argsArray } = await page.getOperatorList();
  const letters: Letter[] = [];
  for (let at = 0; at < fnArray.length; at++) {
    if (fnArray[at] !== OPS.showText) continue;
    const [glyphs] = argsArray[at] as [readonly (number | { unicode?: string } | null)[]];
    for (const glyph of glyphs) {
      const unicode = (typeof glyph === "object" && glyph?.unicode) || "";
      const isSign = SIGN.test(unicode);
      const own = unicode.match(LETTERS) ?? [];
      own.forEach((letter, nth) => letters.push({ letter, isSecond: isSign && nth === 1 }));
    }
  }
  return letters;
}
