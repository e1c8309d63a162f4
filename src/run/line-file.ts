// Text files read line by line, never as one string.

import { createReadStream } from "node:fs";
import { StringDecoder } from "node:string_decoder";

export interface TextLine {
  text: string;
  /** From 1. */
  number: number;
}

/** Pieces of a file as text, without a byte order mark. */
export async function* readText(file: string): AsyncGenerator<string> {
  const decoder = new StringDecoder("utf8");
  let first = true;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 17 }) as AsyncIterable<Buffer>) {
    let text = decoder.write(chunk);
    if (first && text !== "") {
      text = text.replace(/^\uFEFF/, "");
      first = false;
    }
    if (text !== "") yield text;
  }
  const rest = decoder.end();
  if (rest !== "") yield rest;
}

/** Lines without their ends. Only `\n` and `\r\n` end a line: JSON text may hold other separators. */
export async function* readLines(file: string): AsyncGenerator<TextLine[]> {
  let rest = "";
  let number = 0;
  for await (const text of readText(file)) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    if (parts.length > 0) yield parts.map((part) => ({ text: withoutReturn(part), number: ++number }));
  }
  if (rest !== "") yield [{ text: withoutReturn(rest), number: ++number }];
}

function withoutReturn(text: string): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}
