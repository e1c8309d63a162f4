const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  copy: "©",
  reg: "®",
  trade: "™",
  deg: "°",
  ndash: "–",
  mdash: "—",
  hellip: "…",
  euro: "€",
  times: "×",
};

/** Markdown inside a line as the text a reader sees: no emphasis marks, link targets, tags or escapes. */
export function plainInline(markdown: string): string {
  const kept: string[] = [];
  // Code and escaped characters are set aside, so that nothing in them counts as markup.
  const keep = (text: string): string => `\uE000${kept.push(text) - 1}\uE000`;
  return markdown
    .replaceAll("\uE000", "")
    .replaceAll(/(?<!`)(`{1,3})(?!`)([^`]+)\1(?!`)/g, (_, __, code: string) => keep(code.trim() || code))
    .replaceAll(/\\([!-/:-@[-`{-~])/g, (_, sign: string) => keep(sign))
    .replaceAll(/!\[([^\]]{0,500})\](?:\([^()\s]{0,2000}(?:\s"[^"]{0,500}")?\)|\[[^\]]{0,200}\])/g, "$1")
    .replaceAll(
      /\[([^\][]{1,1000})\]\(<?[^()\s<>]{0,2000}(?:\([^()\s<>]{0,500}\)[^()\s<>]{0,500})?>?(?:\s+["'(][^"')]{0,500}["')])?\)/g,
      "$1",
    )
    .replaceAll(/\[([^\][]{1,1000})\]\[[^\][]{0,200}\]/g, "$1")
    .replaceAll(/<((?:https?|mailto):[^<>\s]{1,2000})>/g, "$1")
    .replaceAll(/(?<=\S)\[\^[^\][\s]{1,200}\]/g, "")
    .replaceAll(/<(?:br\s*\/?|\/(?:td|th|tr|li|p|div|dt|dd|h[1-6]))>/gi, " ")
    .replaceAll(/<\/?[a-zA-Z][^<>]{0,2000}>/g, "")
    .replaceAll(/(\*\*\*|\*\*|\*)(?=\S)([^*\n]{1,5000}?)(?<=\S)\1/g, "$2")
    .replaceAll(/(?<![\p{L}\p{N}_])(__|_)(?=\S)([^_\n]{1,5000}?)(?<=\S)\1(?![\p{L}\p{N}_])/gu, "$2")
    .replaceAll(/~~(?=\S)([^~\n]{1,5000}?)~~/g, "$1")
    .replaceAll(/&(#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z]{2,8});/gi, entity)
    .replaceAll(/\uE000(\d+)\uE000/g, (_, at: string) => kept[Number(at)] ?? "");
}

function entity(whole: string, name: string): string {
  if (!name.startsWith("#")) return ENTITIES[name] ?? whole;
  const code = name[1]?.toLowerCase() === "x" ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : "\ufffd";
}
