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

export function swapCase(text: string): string {
  return text.replace(/\p{L}/gu, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
}
