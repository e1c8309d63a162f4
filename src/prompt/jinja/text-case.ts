// Letter case as Python's `str` has it.

export function capitalize(text: string): string {
  const [first = ""] = text;
  return first.toUpperCase() + text.slice(first.length).toLowerCase();
}

/** A letter after a non-letter is upper case, every other is lower case: `it's` becomes `It'S`. */
export function titleCase(text: string): string {
  return text.replace(/\p{L}+/gu, capitalize);
}

export function isTitle(text: string): boolean {
  return /\p{L}/u.test(text) && titleCase(text) === text;
}

const FOLDED: Record<string, string> = { "\u03c2": "\u03c3", "\u017f": "s", "\u00b5": "\u03bc", "\u1e9e": "ss" };

/** Letters that one compares regardless of case: what grows in upper case, such as `\u00df`, is taken apart. */
export function caseFold(text: string): string {
  return text.replace(/\p{L}|\p{M}/gu, (letter) => {
    const upper = letter.toUpperCase();
    return FOLDED[letter] ?? (upper.length > letter.length ? upper : letter).toLowerCase();
  });
}

/** Letters in title case, such as \u01c5, are neither and stay. */
export function swapCase(text: string): string {
  return text.replace(/[\p{Lu}\p{Ll}]/gu, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
}
