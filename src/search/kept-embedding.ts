// An embedder that keeps what it was once given: a vector is asked for again only when its text has changed, whatever becomes of
// the index or of the process meanwhile. Kept in files that only their writer appends to: vectors in one, and in one beside it
// what they are of, written after them, so that a kill leaves nothing half.

import { createHash } from "node:crypto";
import { appendFile, mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { uuid } from "../base/id.ts";
import type { Logger } from "../base/log.ts";
import type { Embedder, EmbeddingInput } from "../model/embedder.ts";

export interface KeptEmbeddingOptions {
  folder: string;
  log: Logger;
  /** Above, the oldest go. */
  mostBytes?: number;
}

/** Where a vector lies. */
interface Place {
  file: string;
  at: number;
  /** Of the vector's bytes: a power failure may leave others. */
  check: string;
}

const MOST_BYTES = 2 ** 30;
/** As many files make up all that is kept. */
const FILES = 16;
/** Texts whose vectors are kept together: a kill loses no more. */
const TEXTS = 96;
const DIGEST_BYTES = 32;

/** Of documents; questions are not kept. */
export function keptEmbedder(
  embedder: Embedder,
  { folder, log, mostBytes = MOST_BYTES }: KeptEmbeddingOptions,
): Embedder {
  const kind = digest(embedder.fingerprint).toString("hex").slice(0, 16);
  const bytes = embedder.dimensions * Float32Array.BYTES_PER_ELEMENT;
  let own: { name: string; count: number } | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let places: Promise<Map<string, Place>> | undefined;

  const readPlaces = async (): Promise<Map<string, Place>> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found = new Map<string, Place>();
    for (const name of await readdir(folder)) {
      if (!name.startsWith(`${kind}-`) || !name.endsWith(".key")) continue;
      const file = path.join(folder, name.replace(/key$/, "vector"));
      const keys = await readFile(path.join(folder, name)).catch(() => Buffer.alloc(0));
      for (let at = 0; (at + 1) * 2 * DIGEST_BYTES <= keys.length; at++) {
        const from = at * 2 * DIGEST_BYTES;
        const part = (start: number): string => keys.toString("base64", start, start + DIGEST_BYTES);
        found.set(part(from), { file, at, check: part(from + DIGEST_BYTES) });
      }
    }
    return found;
  };
  const keep = async (keys: readonly string[], vectors: readonly Float32Array[]): Promise<void> => {
    const held = await (places ??= readPlaces());
    if (!own || own.count * bytes > mostBytes / FILES) {
      await trim(folder, mostBytes);
      own = { name: path.join(folder, `${kind}-${uuid()}`), count: 0 };
    }
    const file = `${own.name}.vector`;
    const data = vectors.map((vector) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength));
    const checks = data.map((one) => digest(one).toString("base64"));
    await appendFile(file, Buffer.concat(data), { mode: 0o600 });
    const known = keys.flatMap((key, at) => [key, checks[at]!]).map((one) => Buffer.from(one, "base64"));
    await appendFile(`${own.name}.key`, Buffer.concat(known), { mode: 0o600 });
    for (const [at, key] of keys.entries()) held.set(key, { file, at: own.count + at, check: checks[at]! });
    own.count += keys.length;
  };
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const next = turn.then(work).catch((thrown: unknown) => {
      // What is behind a write that failed has no known place.
      own = undefined;
      log.warn({ err: thrown }, "embeddings could not be kept");
    });
    turn = next;
    return next;
  };
  const find = async (keys: ReadonlySet<string>): Promise<Map<string, Float32Array>> => {
    try {
      places ??= readPlaces();
      return await readVectors(await places, keys, bytes);
    } catch (thrown) {
      places = undefined;
      log.warn({ err: thrown }, "kept embeddings could not be read");
      return new Map();
    }
  };

  return {
    ...embedder,
    async embed(texts, use, signal, call) {
      if (use !== "document") return embedder.embed(texts, use, signal, call);
      const keys = texts.map((text) => digest(bytesOf(text)).toString("base64"));
      const textOf = new Map(keys.map((key, at) => [key, texts[at]!]));
      const vectors = await find(new Set(keys));
      const missing = [...textOf.keys()].filter((key) => !vectors.has(key));
      for (let from = 0; from < missing.length; from += TEXTS) {
        const part = missing.slice(from, from + TEXTS);
        const asked = part.map((key) => textOf.get(key)!);
        const given = await embedder.embed(asked, use, signal, call);
        part.forEach((key, at) => vectors.set(key, given[at]!));
        await inTurn(() => keep(part, given));
      }
      return keys.map((key) => vectors.get(key)!);
    },
  };
}

/** Those that are there as they were written. */
async function readVectors(
  places: ReadonlyMap<string, Place>,
  keys: ReadonlySet<string>,
  bytes: number,
): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  const byFile = new Map<string, string[]>();
  for (const key of keys) {
    const file = places.get(key)?.file;
    if (file !== undefined) byFile.set(file, (byFile.get(file) ?? []).concat(key));
  }
  for (const [file, wanted] of byFile) {
    const handle = await open(file, "r").catch(() => undefined);
    if (!handle) continue;
    try {
      for (const key of wanted) {
        const { at, check } = places.get(key)!;
        const vector = new Float32Array(bytes / Float32Array.BYTES_PER_ELEMENT);
        const { bytesRead } = await handle.read(new Uint8Array(vector.buffer), 0, bytes, at * bytes);
        const isWhole = bytesRead === bytes && digest(new Uint8Array(vector.buffer)).toString("base64") === check;
        if (isWhole) found.set(key, vector);
      }
    } finally {
      await handle.close();
    }
  }
  return found;
}

/** Makes room for one more file. */
async function trim(folder: string, mostBytes: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".vector"));
  const files = await Promise.all(
    names.map(async (name) => {
      const found = await stat(path.join(folder, name)).catch(() => undefined);
      return { name, size: found?.size ?? 0, time: found?.mtimeMs ?? 0 };
    }),
  );
  let total = files.reduce((sum, { size }) => sum + size, 0);
  for (const { name, size } of files.sort((a, b) => a.time - b.time)) {
    if (total <= mostBytes - mostBytes / FILES) return;
    for (const one of [name.replace(/vector$/, "key"), name]) await rm(path.join(folder, one), { force: true });
    total -= size;
  }
}

function bytesOf(input: EmbeddingInput): string | Uint8Array {
  return typeof input === "string" ? input : new Uint8Array(Uint32Array.from(input).buffer);
}

function digest(content: string | Uint8Array): Buffer {
  return createHash("sha256").update(content).digest();
}
