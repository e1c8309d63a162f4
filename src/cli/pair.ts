// Words of the form name=value, as several commands take them.

import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { FlowsteadError } from "../base/error/error.ts";
import { nearest } from "./option.ts";

/** `name=value` words as an object. @throws FlowsteadError `UsageError` for a word of another form. */
export function pairs(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((given) => {
      const word = unquoted(given);
      const at = word.indexOf("=");
      if (at <= 0) throw new FlowsteadError("UsageError", `"${word}" is not of the form name=value.`);
      return [word.slice(0, at), unquoted(word.slice(at + 1))];
    }),
  );
}

/** `node.key=value` words as values by node and key. @throws FlowsteadError `UsageError`. */
export function nestedPairs(words: readonly string[]): Record<string, Record<string, string>> {
  const nested: Record<string, Record<string, string>> = {};
  for (const [key, value] of Object.entries(pairs(words))) {
    const at = key.indexOf(".");
    if (at <= 0 || at === key.length - 1)
      throw new FlowsteadError("UsageError", `"${key}=${value}" is not of the form node.input=value.`);
    (nested[key.slice(0, at)] ??= {})[key.slice(at + 1)] = value;
  }
  return nested;
}

/**
 * Environment variables: `name=value` words and names of `.env` files; without a word, the `.env` of the working folder or
 * of one above it.
 * @throws FlowsteadError `UsageError`.
 */
export function variables(words: readonly string[] | true | undefined): Record<string, string> {
  if (words === undefined) return {};
  if (words === true || words.length === 0) {
    const found = nearest(".env");
    return found === undefined ? {} : readEnvFile(found);
  }
  return Object.assign({}, ...words.map((word) => (word.includes("=") ? pairs([word]) : readEnvFile(word)))) as Record<
    string,
    string
  >;
}

/** @throws FlowsteadError `UsageError`. */
export function readEnvFile(file: string): Record<string, string> {
  if (!file.endsWith(".env"))
    throw new FlowsteadError("UsageError", `"${file}" is neither name=value nor a file whose name ends in .env.`);
  try {
    return parseEnv(readFileSync(file, "utf8").replace(/^\uFEFF/, "")) as Record<string, string>;
  } catch (cause) {
    throw new FlowsteadError("UsageError", `Cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Shells of other systems leave quotes in. */
function unquoted(text: string): string {
  const [first] = text;
  return text.length > 1 && (first === '"' || first === "'") && text.endsWith(first) ? text.slice(1, -1) : text;
}
