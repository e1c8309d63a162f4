// Where a chat prompt changes its role, and the fields that stand at the top of a message.
//
// The scanners take two texts of equal length: the prompt itself, and its mask, in which everything that came from a user
// is blotted out. They look for words in the mask and cut the prompt, so that only the template's author can make a role,
// a name or a tool call. They scan by hand, in linear time: the original's patterns need quadratic time on long blanks.

import type { ChatRole } from "../model/chat-model.ts";
import { blot, isSpace, pyStrip, skipSpace, skipSpaceBack } from "./python-space.ts";
import type { RenderedText } from "./rendered-text.ts";

export const ROLES = ["system", "user", "assistant", "function", "tool"] as const satisfies readonly ChatRole[];
export type PromptRole = (typeof ROLES)[number];

/** A prompt, or a part of one, with its mask. */
export interface Masked {
  text: string;
  mask: string;
}

const BLOT = "\uFFFC";

/**
 * Blots out what a user wrote. Blanks stay blanks, but a user's line break begins no line. A value that is nothing but the
 * name of a role stays readable, for templates that write `{{ item.role }}:` - the colon has to be the author's anyway.
 */
export function maskUserText(prompt: RenderedText): Masked {
  const masks = prompt.fragments.map(({ text, user }) => {
    if (!user) return text;
    const lines = text.replace(/[\n\r]/g, "\v");
    return asRole(text) ? lines : blot(lines, BLOT);
  });
  return { text: prompt.text, mask: masks.join("") };
}

function asRole(text: string): PromptRole | undefined {
  const stripped = pyStrip(text);
  const word = stripped.length < 10 ? stripped.toLowerCase() : "";
  return ROLES.find((role) => role === word);
}

function slice({ text, mask }: Masked, start: number, end?: number): Masked {
  return { text: text.slice(start, end), mask: mask.slice(start, end) };
}

/** A stretch between role lines, or the role of such a line. */
export type Chunk = { kind: "text"; part: Masked } | { kind: "role"; role: PromptRole };

/** Splits a prompt at its role lines: `role:` alone on a line, in any case, with an optional `#` before it. */
export function splitRoles(prompt: Masked): Chunk[] {
  const { mask } = prompt;
  const chunks: Chunk[] = [];
  let from = 0;
  for (const match of mask.matchAll(/system|user|assistant|function|tool/gi)) {
    if (match.index < from) continue;
    const end = endOfRoleLine(mask, match.index + match[0].length);
    const start = end === undefined ? undefined : startOfRoleLine(mask, match.index, from);
    if (end === undefined || start === undefined) continue;
    chunks.push({ kind: "text", part: slice(prompt, from, start) });
    chunks.push({ kind: "role", role: asRole(match[0]) as PromptRole });
    from = end;
  }
  chunks.push({ kind: "text", part: slice(prompt, from) });
  return chunks;
}

/** Behind the colon and the last line break of the blanks after it. */
function endOfRoleLine(mask: string, afterWord: number): number | undefined {
  const colon = skipSpace(mask, afterWord);
  if (mask[colon] !== ":") return undefined;
  const next = skipSpace(mask, colon + 1);
  const lineBreak = mask.slice(colon + 1, next).lastIndexOf("\n");
  return lineBreak < 0 ? undefined : colon + 1 + lineBreak + 1;
}

/** The first line start from which only blanks and at most one `#` lead to the word. */
function startOfRoleLine(mask: string, word: number, from: number): number | undefined {
  const before = Math.max(skipSpaceBack(mask, word), from);
  if (mask[before - 1] === "#" && before > from) {
    const start = lineStart(mask, Math.max(skipSpaceBack(mask, before - 1), from), before - 1);
    if (start !== undefined) return start;
  }
  return lineStart(mask, before, word);
}

function lineStart(mask: string, from: number, to: number): number | undefined {
  if (from === 0 || mask[from - 1] === "\n") return from;
  const lineBreak = mask.indexOf("\n", from);
  return lineBreak >= 0 && lineBreak < to ? lineBreak + 1 : undefined;
}

/** Finds `field:`, its one-word value on a line below, and `content:`; the content is all that follows. */
export function readNamed(
  part: Masked,
  field: "name" | "tool_call_id",
): { value: string; content: string } | undefined {
  const { text, mask } = part;
  for (let at = mask.indexOf(field); at >= 0; at = mask.indexOf(field, at + 1)) {
    const start = afterFieldLine(mask, at + field.length);
    if (start === undefined) continue;
    let end = start;
    while (end < mask.length && !isSpace(mask[end])) end++;
    for (let stop = end; stop > start; stop--) {
      const content = afterContent(mask, stop);
      if (content !== undefined) return { value: text.slice(start, stop), content: text.slice(content) };
    }
  }
  return undefined;
}

/** Behind `:` and blanks with at least one line break. */
function afterFieldLine(mask: string, afterWord: number): number | undefined {
  const colon = skipSpace(mask, afterWord);
  if (mask[colon] !== ":") return undefined;
  const next = skipSpace(mask, colon + 1);
  return mask.slice(colon + 1, next).includes("\n") ? next : undefined;
}

/** Behind `content:`, which may have blanks and up to two `#` before it. */
function afterContent(mask: string, at: number): number | undefined {
  let next = skipSpace(mask, at);
  for (let count = 0; count < 2 && mask[next] === "#"; count++) next++;
  next = skipSpace(mask, next);
  if (!mask.startsWith("content", next)) return undefined;
  const colon = skipSpace(mask, next + "content".length);
  return mask[colon] === ":" ? colon + 1 : undefined;
}

/** Where the list behind `tool_calls:` begins, or undefined. */
export function findToolCalls({ text, mask }: Masked): number | undefined {
  for (let at = mask.indexOf("tool_calls"); at >= 0; at = mask.indexOf("tool_calls", at + 1)) {
    const start = afterFieldLine(mask, at + "tool_calls".length);
    if (start !== undefined && text[start] === "[") return start;
  }
  return undefined;
}
