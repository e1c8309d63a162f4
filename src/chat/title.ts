const LONGEST = 60;

/** A conversation's title from its first question: its first sentence or line, without markup, cut at a word. */
export function titleOf(question: string): string {
  const plain = question
    .replace(/```[\s\S]*?(```|$)/g, " ")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[*_`#>~|]+/g, " ");
  const line =
    plain
      .split("\n")
      .map((each) => each.replace(/\s+/g, " ").trim())
      .find((each) => /[\p{L}\p{N}]/u.test(each)) ?? "";
  const sentence = /^.{8,}?[.!?。！？](?=\s|$)/u.exec(line)?.[0] ?? line;
  const title = cut(sentence).replace(/[.。:;,]+$/u, "");
  if (title === "") return "New conversation";
  return title.charAt(0).toLocaleUpperCase() + title.slice(1);
}

function cut(text: string): string {
  const characters = Array.from(text);
  if (characters.length <= LONGEST) return text;
  const head = characters.slice(0, LONGEST).join("");
  const blank = head.lastIndexOf(" ");
  return `${head.slice(0, blank > LONGEST / 2 ? blank : undefined).replace(/[\s,;:.-]+$/u, "")}…`;
}
