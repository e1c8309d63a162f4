// Text files read line by line, never as one string.

import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { FlowsteadError } from "../base/error/error.ts";

export interface TextLine {
  text: string;
  /** From 1. */
  number: number;
}

const NEWLINE = 10;

/**
 * Pieces of a file as text, without a byte order mark.
 * @throws FlowsteadError `InvalidUserData` with file:line for text that is not UTF-8: read as if it were, it would be other text.
 */
export async function* readText(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decoded = async (chunk?: Buffer): Promise<string> => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (cause) {
      throw await otherEncoding(file, cause);
    }
  };
  for await (const chunk of bytesOf(file)) {
    const text = await decoded(chunk);
    if (text !== "") yield text;
  }
  await decoded();
}

/** Lines without their ends. Only `\n` and `\r\n` end a line: JSON text may hold other separators. */
export async function* readLines(file: string): AsyncGenerator<TextLine[]> {
  /** Pieces of a line that has not ended; a long one has hundreds, which are joined once. */
  let begun: string[] = [];
  let number = 0;
  for await (const text of readText(file)) {
    const parts = text.split("\n");
    const rest = parts.pop() ?? "";
    if (parts.length > 0) {
      parts[0] = [...begun, parts[0]].join("");
      begun = [];
      yield parts.map((part) => ({ text: withoutReturn(part), number: ++number }));
    }
    begun.push(rest);
  }
  const last = begun.join("");
  if (last !== "") yield [{ text: withoutReturn(last), number: ++number }];
}

function withoutReturn(text: string): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

function bytesOf(file: string): AsyncIterable<Buffer> {
  return createReadStream(file, { highWaterMark: 1 << 17 });
}

async function otherEncoding(file: string, cause: unknown): Promise<FlowsteadError> {
  const { line, isWide } = await firstOther(file);
  const what = isWide ? "this file is UTF-16" : "this line is not UTF-8, but in another encoding";
  return new FlowsteadError("InvalidUserData", `${file}:${line}: ${what}. Save the file as UTF-8.`, { cause });
}

/** The first line that is not UTF-8. */
async function firstOther(file: string): Promise<{ line: number; isWide: boolean }> {
  let line = 1;
  let begun: Buffer[] = [];
  let isWide: boolean | undefined;
  for await (const chunk of bytesOf(file)) {
    isWide ??= (chunk[0] === 0xff && chunk[1] === 0xfe) || (chunk[0] === 0xfe && chunk[1] === 0xff);
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      if (!isUtf8(Buffer.concat([...begun, chunk.subarray(from, end)]))) return { line, isWide };
      begun = [];
      line++;
      from = end + 1;
    }
    begun.push(chunk.subarray(from));
  }
  return { line, isWide: isWide ?? false };
}
