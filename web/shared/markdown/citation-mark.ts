// `[1]`, `[2, 3]` in an answer become buttons that open the source, if the answer has such a source.

import type { TokenizerAndRendererExtension } from "marked";
import { escapeHtml } from "./escape.ts";

export type SourceTitles = ReadonlyMap<number, string>;

/** `titles` is asked while rendering, since sources may come after the text that names them. */
export function citationMark(titles: () => SourceTitles): TokenizerAndRendererExtension {
  return {
    name: "citation",
    level: "inline",
    start: (text) => text.match(/\[\d/)?.index,
    tokenizer(text) {
      const match = /^\[(\d{1,3}(?:\s?[,;]\s?\d{1,3})*)\](?![(:])/.exec(text);
      if (!match?.[1]) return undefined;
      const numbers = match[1].split(/\s?[,;]\s?/).map(Number);
      if (!numbers.every((n) => titles().has(n))) return undefined;
      return { type: "citation", raw: match[0], numbers };
    },
    renderer(token) {
      const chips = (token.numbers as number[]).map((n) => {
        const label = escapeHtml(`Source ${n}: ${titles().get(n) ?? ""}`);
        return `<button type="button" class="cite" data-cite="${n}" aria-label="${label}">${n}</button>`;
      });
      return chips.join("");
    },
  };
}
