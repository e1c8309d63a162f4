// YAML 1.2 read as the original reads it: `yes` stays text, 1 and 1.0 differ, a key twice is an error, `<<` merges.

import { type Document, type ErrorCode, LineCounter, type ScalarTag, isNode, isScalar, parseDocument } from "yaml";
import { FlowsteadError } from "./error/error.ts";
import { LiteralFault } from "./python-date.ts";
import { type Value, float } from "./value.ts";
import { readLiteral } from "./yaml-literal.ts";

/** A parsed document with its positions, for messages that name a line. */
export interface YamlSource {
  value: Value;
  document: Document.Parsed;
  /** Line from 1 of the node at a path such as `["nodes", 0, "name"]`, or of its nearest ancestor. */
  lineOf(path: YamlPath): number;
  /** How the text at a path is written; `undefined` for plain words and for what is no text. */
  styleOf(path: YamlPath): TextStyle | undefined;
  /** The value at a path with its dates, its keys that are no texts, and the order of its keys. */
  literalAt(path: YamlPath): Value | undefined;
}

export type YamlPath = readonly (string | number)[];
export type TextStyle = "single" | "double" | "literal" | "folded";

/**
 * Parses one YAML document. `file` names it in errors.
 * @throws FlowsteadError `InvalidYaml` with file:line:column.
 */
export function parseYaml(text: string, file = "<yaml>"): YamlSource {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    version: "1.2",
    intAsBigInt: true,
    prettyErrors: false,
    merge: true,
    logLevel: "error",
    customTags: (tags) => [...NUMBERS, ...tags],
  });
  const [error] = document.errors;
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    throw new FlowsteadError("InvalidYaml", `${file}:${line}:${col}: ${FAULTS[error.code] ?? error.message}`, {
      details: { file, line },
    });
  }
  const value = valueOf(document, file);
  const lineOf = (path: YamlPath): number => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
      if (node?.range) return lineCounter.linePos(node.range[0]).line;
    }
    return 1;
  };
  const styleOf = (path: YamlPath): TextStyle | undefined => {
    const node = document.getIn(path, true);
    return isScalar(node) && node.type ? STYLES[node.type] : undefined;
  };
  const literalAt = (path: YamlPath): Value | undefined => {
    const node = document.getIn(path, true);
    if (!isNode(node)) return undefined;
    try {
      return readLiteral(node, document, toValue);
    } catch (cause) {
      if (!(cause instanceof LiteralFault)) throw cause;
      const line = lineOf(path);
      throw new FlowsteadError("InvalidYaml", `${file}:${line}: ${cause.message}`, { details: { file, line }, cause });
    }
  };
  return { value, document, lineOf, styleOf, literalAt };
}

/** For people, where the library speaks to programmers. */
const FAULTS: Partial<Record<ErrorCode, string>> = {
  MULTIPLE_DOCS: "a second document begins here (`---`), and one file holds one document.",
};

/** @throws FlowsteadError `InvalidYaml` for what has no end: a part that is in itself, or aliases of aliases of aliases. */
function valueOf(document: Document.Parsed, file: string): Value {
  try {
    return toValue(document.toJS({ maxAliasCount: 100 }));
  } catch (cause) {
    if (cause instanceof Error && cause.message.startsWith("Merge sources"))
      throw new FlowsteadError("InvalidYaml", `${file}: what follows \`<<:\` must be a map or a list of maps.`, {
        cause,
      });
    const [, unknown] = cause instanceof Error ? (/^Unresolved alias.*: (.*)$/.exec(cause.message) ?? []) : [];
    if (unknown !== undefined)
      throw new FlowsteadError(
        "InvalidYaml",
        `${file}: *${unknown} refers to &${unknown}, which does not stand before it.`,
        {
          cause,
        },
      );
    if (!(cause instanceof RangeError) && !(cause instanceof ReferenceError)) throw cause;
    throw new FlowsteadError("InvalidYaml", `${file}: its aliases (*name) go too deep, or round in a circle.`, {
      cause,
    });
  }
}

/** Numbers as the original's library reads them: with `_` between digits, in base 2, with a sign before a base. */
const NUMBERS: ScalarTag[] = [
  {
    identify: () => false,
    default: true,
    tag: "tag:yaml.org,2002:int",
    test: /^[-+]?(?:0b[01_]+|0o[0-7_]+|0x[\da-fA-F_]+|\d[\d_]*)$/,
    resolve(text) {
      const digits = text.replaceAll("_", "").replace(/^[-+]/, "");
      return text.startsWith("-") ? -BigInt(digits) : BigInt(digits);
    },
  },
  {
    identify: () => false,
    default: true,
    tag: "tag:yaml.org,2002:float",
    test: /^[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]?\d+)?$/,
    resolve: (text) => Number(text.replaceAll("_", "")),
  },
  // `.5e3` is a text there, `.5e+3` a number.
  { identify: () => false, default: true, tag: "tag:yaml.org,2002:str", test: /^[-+]?\.\d+[eE]\d+$/, resolve: String },
  { identify: () => false, tag: "tag:yaml.org,2002:float", resolve: Number },
];

const STYLES: Readonly<Record<string, TextStyle>> = {
  QUOTE_SINGLE: "single",
  QUOTE_DOUBLE: "double",
  BLOCK_LITERAL: "literal",
  BLOCK_FOLDED: "folded",
};

function toValue(data: unknown): Value {
  if (typeof data === "bigint") return Number.isSafeInteger(Number(data)) ? Number(data) : data;
  if (typeof data === "number") return float(data);
  if (Array.isArray(data)) return data.map(toValue);
  if (data instanceof Date) return data.toISOString();
  if (data instanceof Uint8Array) return Buffer.from(data).toString("base64");
  if (data instanceof Set) return Array.from(data, toValue);
  if (data instanceof Map) return toValue(Object.fromEntries(data));
  if (typeof data === "object" && data !== null) {
    return Object.fromEntries(Object.entries(data).map(([key, item]) => [key, toValue(item)]));
  }
  return (data ?? null) as Value;
}
