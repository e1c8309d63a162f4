// The documents beside a FAISS index, in the order of its vectors: LangChain's pickle, or JSON lines.

import { FlowsteadError } from "../../base/error/error.ts";
import { isRecord, type Pickled, type PickledDict, unpickle } from "./unpickle.ts";

export interface StoredText {
  id: string;
  text: string;
  metadata: Record<string, unknown>;
}

// Metadata is a few fields. References to the same value may unfold to any size, and a value may hold itself.
const MOST_VALUES = 10_000;
const DEEPEST = 32;

/** `index.pkl`, as `FAISS.save_local` writes it: the documents, and which of them each vector stands for. */
export function readPickledDocuments(bytes: Uint8Array, file: string): StoredText[] {
  const pair = unpickle(bytes, file);
  const [store, order] = Array.isArray(pair) ? pair : [];
  const documents = isRecord(store) && store.record === "InMemoryDocstore" ? store.state?.get("_dict") : undefined;
  if (!(documents instanceof Map) || !(order instanceof Map)) {
    throw damaged(file, "it is not the pair of documents and positions that LangChain writes");
  }
  return Array.from({ length: order.size }, (_, position) => {
    const id = order.get(position);
    const document = documents.get(id ?? null);
    const where = `the document of vector ${position}`;
    if (typeof id !== "string" || !isRecord(document)) throw damaged(file, `${where} is missing`);
    const inner = document.state?.get("__dict__");
    const state = inner instanceof Map ? inner : document.state;
    const text = state?.get("page_content");
    if (typeof text !== "string") throw damaged(file, `${where} has no text`);
    const metadata = state?.get("metadata");
    const left = { values: MOST_VALUES };
    const plain = metadata instanceof Map ? plainDict(metadata, left, 1) : {};
    if (left.values < 0) throw damaged(file, `${where} has metadata without an end`);
    return { id, text, metadata: plain };
  });
}

/** One object a line: its text under `page_content`, `text` or `content`, `metadata` and `id` when there are some. */
export function readDocumentLines(source: string, file: string): StoredText[] {
  const lines = source.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, position) => {
    const value = parsed(line);
    const text = ["page_content", "text", "content"]
      .map((name) => value?.[name])
      .find((one) => typeof one === "string");
    if (!value || text === undefined) {
      throw damaged(file, `line ${position + 1} is no object with "page_content", "text" or "content"`);
    }
    const { metadata, id } = value;
    const plain = typeof metadata === "object" && metadata !== null ? (metadata as Record<string, unknown>) : {};
    return { id: typeof id === "string" ? id : String(position), text: text as string, metadata: plain };
  });
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function plainDict(dict: PickledDict, left: { values: number }, depth: number): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (const [key, value] of dict) {
    if (left.values < 0) break;
    entries.push([typeof key === "object" ? "" : String(key), plainValue(value, left, depth + 1)]);
  }
  return Object.fromEntries(entries);
}

function plainValue(value: Pickled, left: { values: number }, depth: number): unknown {
  left.values -= depth > DEEPEST ? MOST_VALUES + 1 : 1;
  if (left.values < 0 || isRecord(value)) return null;
  if (value instanceof Map) return plainDict(value, left, depth);
  if (!Array.isArray(value) && !(value instanceof Set)) return value;
  const items: unknown[] = [];
  for (const item of value) {
    if (left.values < 0) break;
    items.push(plainValue(item, left, depth + 1));
  }
  return items;
}

function damaged(file: string, reason: string): FlowsteadError {
  return new FlowsteadError("DocumentDamaged", `${file} cannot be read: ${reason}.`);
}
