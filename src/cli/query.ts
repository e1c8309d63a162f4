// The part of JMESPath that the original's scripts use with --query: names, indexes, `[]` over lists, and `length(...)`.

import { FlowsteadError } from "../base/error/error.ts";

type Step = { name: string } | { index: number } | { each: true };

/** What the query picks out of a value; null where a name is not there. @throws FlowsteadError `UsageError`. */
export function query(value: unknown, text: string): unknown {
  const length = /^length\((.+)\)$/.exec(text.trim())?.[1];
  if (length !== undefined) {
    const found = length === "@" ? value : query(value, length);
    return typeof found === "string" || Array.isArray(found) ? found.length : Object.keys(found ?? {}).length;
  }
  return pick(value, steps(text.trim()));
}

function pick(value: unknown, [step, ...rest]: readonly Step[]): unknown {
  if (!step) return value;
  if ("each" in step) {
    if (!Array.isArray(value)) return null;
    return value.map((item) => pick(item, rest)).filter((item) => item !== null && item !== undefined);
  }
  if ("index" in step) return Array.isArray(value) ? pick(value.at(step.index) ?? null, rest) : null;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, step.name)) return null;
  return pick((value as Record<string, unknown>)[step.name], rest);
}

function steps(text: string): Step[] {
  const found: Step[] = [];
  const token = /\.?(?:([A-Za-z_][\w-]*)|"((?:[^"\\]|\\.)*)"|\[(-?\d+)\]|\[\*?\]|(@))/y;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (!match)
      throw new FlowsteadError(
        "UsageError",
        `--query "${text}" is not understood here. Use names, [0], [] and length(...).`,
      );
    const [, name, quoted, index, self] = match;
    if (self !== undefined) continue;
    if (index !== undefined) found.push({ index: Number(index) });
    else if (name !== undefined || quoted !== undefined) found.push({ name: name ?? quoted ?? "" });
    else found.push({ each: true });
  }
  return found;
}
