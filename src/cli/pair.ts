import { FlowsteadError } from "../base/error/error.ts";

/** `name=value` words as an object. @throws FlowsteadError `UsageError` for a word of another form. */
export function pairs(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf("=");
      if (at <= 0) throw new FlowsteadError("UsageError", `"${word}" is not of the form name=value.`);
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}
