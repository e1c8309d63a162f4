import { FlowsteadError } from "../../base/error/error.ts";

export interface Token {
  kind: "name" | "string" | "number" | "date" | "sign" | "end";
  text: string;
  /** From 1. */
  position: number;
}

const PATTERN = new RegExp(
  [
    String.raw`(?<blank>\s+)`,
    String.raw`(?<string>'(?:[^']|'')*')`,
    String.raw`(?<date>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?|\d{4}-\d\d-\d\dZ?(?![\w]))`,
    String.raw`(?<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|-?INF\b|NaN\b)`,
    String.raw`(?<name>[\p{L}_$@][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*)`,
    "(?<sign>[(),/:])",
  ].join("|"),
  "uy",
);

/** @throws FlowsteadError `InvalidRequest` with the position of what is no OData. */
export function filterTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    PATTERN.lastIndex = at;
    const match = PATTERN.exec(text);
    if (!match) throw invalidFilter(text, at + 1, text[at] === "'" ? "a text has no closing quote" : "unknown sign");
    const kind = (["string", "date", "number", "name", "sign"] as const).find((name) => match.groups?.[name]);
    if (kind) tokens.push({ kind, text: match[0], position: at + 1 });
    at += match[0].length;
  }
  tokens.push({ kind: "end", text: "the end", position: text.length + 1 });
  return tokens;
}

/** Of a filter in a message: callers send long lists. */
const MOST_SHOWN = 300;

export function invalidFilter(text: string, position: number, why: string): FlowsteadError {
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  const near = text.slice(Math.max(0, position - 1), position + 23);
  return new FlowsteadError(
    "InvalidRequest",
    `Invalid expression: ${why} at position ${position} in '${shown}'${near === "" ? "" : ` (at "${near}")`}.`,
    { details: { parameter: "$filter", position } },
  );
}
