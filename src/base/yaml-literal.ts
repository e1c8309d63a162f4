// A literal of a flow's file as the original's YAML library gives it to Python: dates, bytes, keys of any type, in their order.

import { type Document, type Node, type Pair, Scalar, isAlias, isMap, isPair, isScalar, isSeq } from "yaml";
import { bytesLiteral, dictLiteral, listLiteral, literalKey, setLiteral, tupleLiteral } from "./python-literal.ts";
import { LiteralFault, dateLiteral } from "./python-date.ts";
import type { Value } from "./value.ts";

const TAG = "tag:yaml.org,2002:";
type Entry = [Value, Value];

interface Reading {
  document: Document.Parsed;
  scalar: (value: unknown) => Value;
}

/**
 * The value of a node; plain data where JSON says all there is to it.
 * @param scalar the value of a scalar that has no meaning of its own here
 * @throws LiteralFault for a date that there is not, and for a key twice
 */
export function readLiteral(node: Node, document: Document.Parsed, scalar: (value: unknown) => Value): Value {
  return read(node, { document, scalar });
}

function read(node: unknown, reading: Reading): Value {
  if (isAlias(node)) return read(node.resolve(reading.document), reading);
  if (isMap(node)) {
    const entries = readEntries(node.items, reading);
    return node.tag === `${TAG}set` ? setLiteral(entries.map(([key]) => key)) : dictLiteral(entries);
  }
  if (isSeq(node)) {
    if (node.tag === `${TAG}omap`) return dictLiteral(readEntries(node.items.filter(isPair), reading));
    return listLiteral(
      node.items.map((item) =>
        isPair(item) ? tupleLiteral([read(item.key, reading), read(item.value, reading)]) : read(item, reading),
      ),
    );
  }
  return isScalar(node) ? readScalar(node, reading) : null;
}

function readScalar(node: Scalar, { scalar }: Reading): Value {
  const text = node.source ?? "";
  if (node.value instanceof Uint8Array) return bytesLiteral(node.value);
  if (node.tag === `${TAG}timestamp`) return dateLiteral(text) ?? text;
  if (node.tag === undefined && node.type === Scalar.PLAIN && typeof node.value === "string")
    return dateLiteral(text) ?? node.value;
  return scalar(node.value);
}

/** What is merged stands behind what is written, and never in its place. */
function readEntries(pairs: readonly Pair[], reading: Reading): Entry[] {
  const own = pairs.filter((pair) => !isMerge(pair)).map((pair) => readPair(pair, reading));
  const keys = new Set<string>();
  for (const [key] of own) {
    if (keys.has(literalKey(key))) throw new LiteralFault(`a mapping has the key ${String(JSON.stringify(key))} twice`);
    keys.add(literalKey(key));
  }
  const merged = pairs.filter(isMerge).flatMap(({ value }) => mergedEntries(value, reading));
  const added = merged.filter(([key]) => !keys.has(literalKey(key)) && keys.add(literalKey(key)));
  return [...own, ...added];
}

function readPair({ key, value }: Pair, reading: Reading): Entry {
  const name = read(key, reading);
  return [Array.isArray(name) ? tupleLiteral(name) : name, read(value, reading)];
}

function isMerge({ key }: Pair): boolean {
  return isScalar(key) && key.type === Scalar.PLAIN && key.source === "<<";
}

function mergedEntries(source: unknown, reading: Reading): Entry[] {
  const node = isAlias(source) ? source.resolve(reading.document) : source;
  if (isMap(node)) return readEntries(node.items, reading);
  return isSeq(node) ? node.items.flatMap((item) => mergedEntries(item, reading)) : [];
}
