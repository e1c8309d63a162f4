/** A line of a text and where it stands in it, without its line break. */
export interface Line {
  text: string;
  start: number;
  end: number;
}

export function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start <= text.length;) {
    const found = text.indexOf("\n", start);
    const breakAt = found < 0 ? text.length : found;
    const end = text[breakAt - 1] === "\r" && breakAt > start ? breakAt - 1 : breakAt;
    lines.push({ text: text.slice(start, end), start, end });
    start = breakAt + 1;
  }
  return lines;
}

export function isBlank({ text }: Line): boolean {
  return text.trim() === "";
}
