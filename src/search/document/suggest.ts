// Suggestions and completions while a person types: the words so far, the last of them as a beginning.

import { FlowsteadError } from "../../base/error/error.ts";
import type { Condition } from "../filter/evaluate.ts";
import type { Schema, SchemaField } from "./definition.ts";
import { editDistance } from "./edit-distance.ts";
import { type Image, textsOf } from "./image.ts";
import { selection, sorted } from "./order.ts";
import { type SuggestBody, listed } from "./request.ts";
import type { StoredDocument } from "./value.ts";

const TOP = 5;
const WORD = /[\p{L}\p{M}\p{N}]+(?:['’.-][\p{L}\p{M}\p{N}]+)*/gu;

interface TypedWord {
  text: string;
  start: number;
  end: number;
}

/** Documents whose suggester fields hold what was typed, each with the text that does. */
export function suggest(body: SuggestBody, image: Image, keep: Condition | undefined): Record<string, unknown>[] {
  const fields = sourceFields(body, image.schema);
  const select = selection(body.select ?? image.schema.key, image.schema);
  const typed = wordsOf(body.search);
  const found = [];
  for (const number of image.numbers()) {
    const document = image.at(number)!;
    if (keep && !keep(document.fields, document.key)) continue;
    const hit = firstHit(document, fields, (text) => places(typed, wordsOf(text), body.fuzzy ?? false));
    if (hit) found.push({ document, hit, score: hit.score });
  }
  const tags = [body.highlightPreTag ?? "", body.highlightPostTag ?? ""] as const;
  return sorted(found, body.orderby, image.schema)
    .slice(0, body.top ?? TOP)
    .map(({ document, hit }) => ({ "@search.text": withTags(hit.text, hit.words, tags), ...select(document) }));
}

/** What the last word typed may become, by how many documents hold it. */
export function autocomplete(body: SuggestBody, image: Image, keep: Condition | undefined): Record<string, string>[] {
  const fields = sourceFields(body, image.schema);
  const typed = wordsOf(body.search);
  const last = typed.at(-1);
  if (!last) return [];
  const before = typed.slice(0, -1);
  const lead = body.search.slice(0, last.start);
  const mode = body.autocompleteMode ?? "oneTerm";
  const counts = new Map<string, number>();
  for (const number of image.numbers()) {
    const document = image.at(number)!;
    if (keep && !keep(document.fields, document.key)) continue;
    const seen = new Set<string>();
    for (const text of fields.flatMap((field) => textsOf(document, field))) {
      const words = wordsOf(text).map((word) => word.text.toLowerCase());
      words.forEach((word, at) => {
        if (!begins(word, last.text, body.fuzzy ?? false)) return;
        if (mode === "oneTermWithContext" && words[at - 1] !== before.at(-1)?.text.toLowerCase()) return;
        const next = words[at + 1];
        if (mode !== "twoTerms") seen.add(word);
        else if (next) seen.add(`${word} ${next}`);
      });
    }
    for (const word of seen) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const [open, close] = [body.highlightPreTag ?? "", body.highlightPostTag ?? ""];
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, body.top ?? TOP)
    .map(([text]) => ({
      text: mode === "oneTermWithContext" ? `${lead}${text}` : text,
      queryPlusText: `${lead}${open}${text}${close}`,
    }));
}

function sourceFields({ suggesterName, searchFields, search }: SuggestBody, schema: Schema): SchemaField[] {
  const suggester = schema.definition.suggesters?.find(({ name }) => name === suggesterName);
  if (!suggester)
    throw wrong(
      `The specified suggester name '${suggesterName}' does not exist in this index definition`,
      "suggesterName",
    );
  if (search.trim() === "") throw wrong("The search text is empty", "search");
  const wanted = listed(searchFields);
  const unknown = wanted.find((name) => !suggester.sourceFields.includes(name));
  if (unknown) throw wrong(`The field '${unknown}' is no source field of the suggester`, "searchFields");
  return (wanted.length > 0 ? wanted : suggester.sourceFields).flatMap((path) => schema.fields.get(path) ?? []);
}

interface TextHit {
  text: string;
  words: TypedWord[];
  score: number;
}

function firstHit(
  document: StoredDocument,
  fields: readonly SchemaField[],
  find: (text: string) => TypedWord[] | undefined,
): TextHit | undefined {
  for (const field of fields) {
    for (const text of textsOf(document, field)) {
      const words = find(text);
      // A word at the beginning of a short text is the likeliest.
      if (words) return { text, words, score: 1 / (1 + (words[0]?.start ?? 0)) + 1 / (1 + text.length) };
    }
  }
  return undefined;
}

/** Where each typed word stands, undefined when one does not. */
function places(typed: readonly TypedWord[], words: readonly TypedWord[], fuzzy: boolean): TypedWord[] | undefined {
  const found: TypedWord[] = [];
  for (const [at, { text }] of typed.entries()) {
    const isLast = at === typed.length - 1;
    const word = words.find((one) =>
      isLast ? begins(one.text.toLowerCase(), text, fuzzy) : matches(one.text.toLowerCase(), text.toLowerCase(), fuzzy),
    );
    if (!word) return undefined;
    found.push(isLast && !fuzzy ? { ...word, end: word.start + text.length } : word);
  }
  return found.length > 0 ? found : undefined;
}

function begins(word: string, beginning: string, fuzzy: boolean): boolean {
  const wanted = beginning.toLowerCase();
  if (word.startsWith(wanted)) return true;
  return fuzzy && wanted.length > 2 && editDistance(word.slice(0, wanted.length), wanted, 1) <= 1;
}

function matches(word: string, wanted: string, fuzzy: boolean): boolean {
  return word === wanted || (fuzzy && wanted.length > 2 && editDistance(word, wanted, 1) <= 1);
}

function withTags(text: string, words: readonly TypedWord[], [open, close]: readonly [string, string]): string {
  if (open === "" && close === "") return text;
  let result = "";
  let at = 0;
  for (const { start, end } of words.toSorted((a, b) => a.start - b.start)) {
    if (start < at) continue;
    result += `${text.slice(at, start)}${open}${text.slice(start, end)}${close}`;
    at = end;
  }
  return result + text.slice(at);
}

function wordsOf(text: string): TypedWord[] {
  return Array.from(text.matchAll(WORD), ({ 0: word, index }) => ({
    text: word,
    start: index,
    end: index + word.length,
  }));
}

function wrong(message: string, parameter: string): FlowsteadError {
  return new FlowsteadError("InvalidRequest", `${message}. Parameter name: ${parameter}`, { details: { parameter } });
}
