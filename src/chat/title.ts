const LONGEST = 60;
const LOOKED_AT = 2_000;

/** A conversation's title from its first question: its first sentence or line, without markup, cut at a word. */
export function titleOf(question: string): string {
  const plain = question
    .slice(0, LOOKED_AT)
    .replace(/```[\s\S]*?(```|$)/g, " ")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[*_`#>~|]+/g, " ");
  const line =
    plain
      .split("\n")
      .map((each) => each.replace(/\s+/g, " ").trim())
      .find((each) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(each)) ?? "";
  const sentence = /^.{8,}?[.!?。！？](?=\s|$)/u.exec(line)?.[0] ?? line;
  const title = cut(sentence).replace(/[.。:;,]+$/u, "");
  if (title === "") return "New conversation";
  return title.charAt(0).toLocaleUpperCase() + title.slice(1);
}

function cut(text: string): string {
  const characters = Array.from(text);
  if (characters.length <= LONGEST) return text;
  // One more, to see whether a word ends just there.
  const blank = characters.slice(0, LONGEST + 1).lastIndexOf(" ");
  const head = characters.slice(0, blank > LONGEST / 2 ? blank : LONGEST).join("");
  return `${head.replace(/[\s,;:.-]+$/u, "")}…`;
}
