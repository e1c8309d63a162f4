// Lists, dicts, sets and bytes of a flow's file. What JSON can say wholly stays plain data.

import { orderedMap } from "./ordered-map.ts";
import { Float, type LiteralFacts, PythonLiteral, type Value, isFloat, pyFloat, pyRepr, toNumber } from "./value.ts";

type Entry = readonly [Value, Value];

/** A list; plain when its items are. */
export function listLiteral(items: Value[]): Value {
  if (!items.some((item) => item instanceof PythonLiteral)) return items;
  return new PythonLiteral({
    wire: { l: items.map(wireOf) },
    ...sequence(items, `[${items.map(pyRepr).join(", ")}]`, "list"),
  });
}

/** A key that is a list, and the items of `!!pairs`. */
export function tupleLiteral(items: Value[]): PythonLiteral {
  const repr = `(${items.map(pyRepr).join(", ")}${items.length === 1 ? "," : ""})`;
  return new PythonLiteral({ wire: { t: items.map(wireOf) }, ...sequence(items, repr, "tuple") });
}

export function setLiteral(items: Value[]): PythonLiteral {
  const repr = `set(odict_keys([${items.map(pyRepr).join(", ")}]))`;
  return new PythonLiteral({
    wire: { s: items.map(wireOf) },
    ...sequence(items, repr, "set"),
    key: `set ${items.map(literalKey).sort().join(" ")}`,
    refusal: notSerializable("CommentedSet"),
  });
}

export function bytesLiteral(bytes: Uint8Array): PythonLiteral {
  const base64 = Buffer.from(bytes).toString("base64");
  const repr = `b${bytesRepr(bytes)}`;
  return new PythonLiteral({
    wire: { b: base64 },
    type: "bytes",
    text: repr,
    repr,
    key: `bytes ${base64}`,
    plain: base64,
    refusal: notSerializable("bytes"),
  });
}

/** A dict; plain when its keys are texts and its values are plain. */
export function dictLiteral(entries: readonly Entry[]): Value {
  const nameOf = (key: Value): string => (typeof key === "string" ? key : (keyText(key) ?? pyRepr(key)));
  const plain = orderedMap(entries.map(([key, value]) => [nameOf(key), plainOf(value)]));
  const names = Object.keys(plain);
  const isPlain = entries.every(([key, value], index) => key === names[index] && !(value instanceof PythonLiteral));
  if (isPlain) return plain;
  const repr = `{${entries.map(([key, value]) => `${pyRepr(key)}: ${pyRepr(value)}`).join(", ")}}`;
  const keys = entries.map(([key, value]) => `${literalKey(key)}: ${literalKey(value)}`).sort();
  return new PythonLiteral({
    wire: { d: entries.map(([key, value]) => [wireOf(key), wireOf(value)]) },
    type: "dict",
    entries,
    text: repr,
    repr,
    key: `{${keys.join(", ")}}`,
    plain,
    refusal: entries.map(([key, value]) => keyRefusal(key) ?? refusalOf(value)).find((said) => said !== undefined),
  });
}

function sequence(items: Value[], repr: string, kind: string): Omit<LiteralFacts, "wire"> {
  return {
    type: kind,
    items,
    text: repr,
    repr,
    key: `${kind} [${items.map(literalKey).join(", ")}]`,
    plain: items.map(plainOf),
    refusal: items.map(refusalOf).find((said) => said !== undefined),
  };
}

/** One text for all that Python calls equal: 1, 1.0 and True. */
export function literalKey(value: Value): string {
  if (value instanceof PythonLiteral) return value.facts.key;
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "number" || value instanceof Float) return String(toNumber(value));
  if (Array.isArray(value)) return `list [${value.map(literalKey).join(", ")}]`;
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? String(value) : pyRepr(value);
  const items = Object.entries(value).map(([key, item]) => `${pyRepr(key)}: ${literalKey(item)}`);
  return `{${items.sort().join(", ")}}`;
}

function wireOf(value: Value): Value {
  return value instanceof PythonLiteral ? value.facts.wire : { v: value };
}

function plainOf(value: Value): Value {
  return value instanceof PythonLiteral ? value.facts.plain : value;
}

function refusalOf(value: Value): string | undefined {
  return value instanceof PythonLiteral ? value.facts.refusal : undefined;
}

/** A key as `json.dumps` writes it; `undefined` for what it refuses. */
function keyText(key: Value): string | undefined {
  if (key === null) return "null";
  if (typeof key === "boolean") return String(key);
  if (!isFloat(key)) return typeof key === "object" ? undefined : String(key);
  const number = toNumber(key);
  return Number.isFinite(number) ? pyFloat(number) : String(number);
}

function keyRefusal(key: Value): string | undefined {
  if (keyText(key) !== undefined) return undefined;
  const type = key instanceof PythonLiteral ? key.facts.type : undefined;
  return `(TypeError) keys must be str, int, float, bool or None, not ${type ?? "tuple"}`;
}

function notSerializable(type: string): string {
  return `(TypeError) Object of type ${type} is not JSON serializable`;
}

function bytesRepr(bytes: Uint8Array): string {
  const written = Array.from(bytes, (byte) => {
    const char = String.fromCharCode(byte);
    const short = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" }[char];
    if (short !== undefined) return short;
    return byte >= 32 && byte < 127 ? char : `\\x${byte.toString(16).padStart(2, "0")}`;
  }).join("");
  if (!written.includes("'")) return `'${written}'`;
  return written.includes('"') ? `'${written.replaceAll("'", "\\'")}'` : `"${written}"`;
}
