// Line wrapping by words, as Python's `textwrap` does it with blanks and tabs left as they are.

import { fault } from "../fault.ts";
import { splitLines } from "../split.ts";

export interface WrapOptions {
  width: number;
  breakLongWords: boolean;
  breakOnHyphens: boolean;
  separator: string;
}

export function wrap(text: string, options: WrapOptions): string {
  if (options.width <= 0) fault("ValueError", `invalid width ${options.width} (must be > 0)`);
  const wrapLine = (line: string): string => wrapOne(line, options).join(options.separator);
  return splitLines(text, false).map(wrapLine).join(options.separator);
}

function wrapOne(line: string, { width, breakLongWords, breakOnHyphens }: WrapOptions): string[] {
  const pattern = breakOnHyphens ? /\s+|[^\s-]*\w-(?=\w)|\S+?(?=\s|\w-\w)|\S+/g : /\s+|\S+/g;
  const chunks = line.match(pattern) ?? [];
  const lines: string[] = [];
  let current = "";
  for (let chunk of chunks) {
    if (current.length + chunk.length <= width) {
      if (current !== "" || chunk.trim() !== "" || lines.length === 0) current += chunk;
      continue;
    }
    if (chunk.trim() === "") {
      if (current !== "") lines.push(current.trimEnd());
      current = "";
      continue;
    }
    if (chunk.length > width && breakLongWords) {
      let room = Math.max(1, width - current.length);
      while (chunk.length > width - current.length && chunk !== "") {
        lines.push(current + chunk.slice(0, room));
        chunk = chunk.slice(room);
        current = "";
        room = width;
      }
      current = chunk;
      continue;
    }
    if (current.trim() !== "") lines.push(current.trimEnd());
    current = chunk;
  }
  if (current.trim() !== "") lines.push(current.trimEnd());
  return lines;
}
