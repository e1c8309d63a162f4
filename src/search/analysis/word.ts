/** A run of text that is searched as one thing, with its place in the text it came from. */
export interface Word {
  /** As written. */
  text: string;
  start: number;
  end: number;
  /** `code` joins the parts of something like `TR-204`; `bigram` is two neighbouring signs of a script without blanks. */
  kind: "word" | "code" | "bigram";
}

// Scripts that put no blanks between words: the first kind is read by pairs of signs, the second needs a dictionary.
const PAIRED = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ーｰ`;
/** What is written behind a sign and makes another of it: marks of Japanese sounds, of their own or as wide as half a sign. */
const SOUND = String.raw`\u3099\u309a\uff9e\uff9f`;
const UNSPACED = String.raw`\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`;
const LETTER = String.raw`[\p{L}\p{M}\p{N}]`;

const RUN = new RegExp(
  [
    `(?<paired>[${PAIRED}][${PAIRED}${SOUND}]*)`,
    `(?<unspaced>[${UNSPACED}][${UNSPACED}\\p{M}]*)`,
    String.raw`(?<number>\p{N}+(?:[.,]\p{N}+)+(?![\p{L}\p{M}]))`,
    `(?<word>(?:(?![${PAIRED}${UNSPACED}])${LETTER})+(?:['’](?:(?![${PAIRED}${UNSPACED}])\\p{L})+)*)`,
  ].join("|"),
  "gu",
);

const JOINER = /^[-‐‑./_]$/u;
const HAS_DIGIT = /\p{N}/u;
const HAS_LETTER = /\p{L}/u;

// A word longer than this is data (base64, a hash): its beginning is enough to find it by.
const LONGEST = 64;

/** The words of a text in order; a part number such as `TR-204` gives its parts and then the whole without the hyphen. */
export function words(text: string): Word[] {
  const found: Word[] = [];
  let chain: Word[] = [];
  const endChain = (): void => {
    const code = joined(text, chain);
    if (code) found.push(code);
    chain = [];
  };
  for (const match of text.matchAll(RUN)) {
    const start = match.index;
    const end = start + match[0].length;
    const previous = chain.at(-1);
    if (previous && !JOINER.test(text.slice(previous.end, start))) endChain();
    if (match.groups?.["paired"]) found.push(...pairs(match[0], start));
    else if (match.groups?.["unspaced"]) found.push(...segments(match[0], start));
    else {
      const word: Word = { text: match[0].slice(0, LONGEST), start, end, kind: "word" };
      found.push(word);
      chain.push(word);
    }
  }
  endChain();
  return found;
}

function joined(text: string, chain: readonly Word[]): Word | undefined {
  const first = chain[0];
  const last = chain.at(-1);
  if (!first || !last || first === last || chain.length > 4) return undefined;
  const whole = text.slice(first.start, last.end);
  if (!HAS_DIGIT.test(whole) || !HAS_LETTER.test(whole) || whole.length > LONGEST) return undefined;
  return { text: chain.map((word) => word.text).join(""), start: first.start, end: last.end, kind: "code" };
}

/** A sign with its marks, or the letters that a Korean one is taken apart into. */
const SIGN = new RegExp(String.raw`[\u1100-\u115f][\u1160-\u11a7]+[\u11a8-\u11ff]*|.[${SOUND}]*`, "gsu");

function pairs(run: string, offset: number): Word[] {
  const signs = run.match(SIGN) ?? [];
  if (signs.length === 1) return [{ text: run, start: offset, end: offset + run.length, kind: "bigram" }];
  const found: Word[] = [];
  let start = offset;
  for (let at = 0; at + 1 < signs.length; at++) {
    const pair = signs[at]! + signs[at + 1]!;
    found.push({ text: pair, start, end: start + pair.length, kind: "bigram" });
    start += signs[at]!.length;
  }
  return found;
}

let segmenter: Intl.Segmenter | undefined;

function segments(run: string, offset: number): Word[] {
  segmenter ??= new Intl.Segmenter("th", { granularity: "word" });
  return Array.from(segmenter.segment(run), ({ segment, index }) => ({
    text: segment,
    start: offset + index,
    end: offset + index + segment.length,
    kind: "word" as const,
  }));
}
