// Plain text out of Markdown, and where a sentence ends.

const ABBREVIATION =
  /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|approx|ca|cf|dept|dr|fig|inc|ltd|max|min|mr|mrs|ms|nos?|prof|st|tel|vol|sec|art)\.$/i;

/** The sentences of running text. */
export function sentencesOf(text: string): string[] {
  const pieces = text.split(/(?<=[.!?…]["'”’)\]*_]*)\s+(?=\S)/u);
  const sentences: string[] = [];
  for (const piece of pieces) {
    const last = sentences.at(-1);
    if (last !== undefined && goesOn(last, piece)) sentences[sentences.length - 1] = `${last} ${piece}`;
    else if (piece !== "") sentences.push(piece);
  }
  return sentences;
}

function goesOn(before: string, after: string): boolean {
  if (/\b[ap]\.\s?m\.$/i.test(before)) return !/^\p{Lu}\p{Ll}/u.test(after);
  if (/^(?:yes|no)[.!]$/i.test(before)) return true;
  return ABBREVIATION.test(before) || /(?:^|\s)\p{Lu}\.$/u.test(before) || /^\p{Ll}/u.test(after);
}

/** Text without the marks of Markdown: emphasis, code, links, images, HTML tags, footnotes. */
export function plainText(markdown: string): string {
  return markdown
    .replaceAll(/!\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .replaceAll(/\[\^[^\]]+\]/g, "")
    .replaceAll(/<\/?[a-z][^<>]*>/gi, " ")
    .replaceAll(/(\*\*|__)(?=\S)(.+?)(?<=\S)\1/g, "$2")
    .replaceAll(/(?<![\w*])\*(?=\S)([^*]+?)(?<=\S)\*(?![\w*])/g, "$1")
    .replaceAll(/(?<![\w_])_(?=\S)([^_]+?)(?<=\S)_(?![\w_])/g, "$1")
    .replaceAll(/`+([^`]+)`+/g, "$1")
    .replaceAll(/\\([\\`*_{}[\]()#+.!|>~-])/g, "$1")
    .replaceAll(/&nbsp;/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}
