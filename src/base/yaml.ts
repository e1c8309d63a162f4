// YAML 1.2 read as the original reads it: `yes` and dates stay text, 1 and 1.0 differ, a key twice is an error.

import { type Document, LineCounter, parseDocument } from "yaml";
import { FlowsteadError } from "./error/error.ts";
import { type Value, float } from "./value.ts";

/** A parsed document with its positions, for messages that name a line. */
export interface YamlSource {
  value: Value;
  document: Document.Parsed;
  /** Line from 1 of the node at a path such as `["nodes", 0, "name"]`, or of its nearest ancestor. */
  lineOf(path: readonly (string | number)[]): number;
}

/**
 * Parses one YAML document. `file` names it in errors.
 * @throws FlowsteadError `InvalidYaml` with file:line:column.
 */
export function parseYaml(text: string, file = "<yaml>"): YamlSource {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, version: "1.2", intAsBigInt: true, prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    throw new FlowsteadError("InvalidYaml", `${file}:${line}:${col}: ${error.message}`, { details: { file, line } });
  }
  const value = toValue(document.toJS({ maxAliasCount: 100 }));
  const lineOf = (path: readonly (string | number)[]): number => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
      if (node?.range) return lineCounter.linePos(node.range[0]).line;
    }
    return 1;
  };
  return { value, document, lineOf };
}

function toValue(data: unknown): Value {
  if (typeof data === "bigint") return Number.isSafeInteger(Number(data)) ? Number(data) : data;
  if (typeof data === "number") return float(data);
  if (Array.isArray(data)) return data.map(toValue);
  if (typeof data === "object" && data !== null) {
    return Object.fromEntries(Object.entries(data).map(([key, item]) => [key, toValue(item)]));
  }
  return (data ?? null) as Value;
}
