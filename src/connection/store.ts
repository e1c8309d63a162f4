// Connections that people create by command: a file with their secrets encrypted, and beside it the key that only its owner
// may read. Who copies the one without the other has no secret.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import { parseJson, stringifyJson } from "../base/json.ts";
import type { Value } from "../base/value.ts";
import { writeFileAtomic } from "../store/atomic-file.ts";
import { lockState } from "../store/lock.ts";
import { readSealingKey, seal, unseal } from "../store/sealing.ts";
import type { Connection, ConnectionType } from "./connection.ts";

export interface StoredConnection extends Connection {
  /** ISO 8601, UTC; absent where an earlier version has written it. */
  created?: string;
  /** Absent as `created`. */
  modified?: string;
}

export interface ConnectionStore {
  /**
   * All of them. Secrets are decrypted as they are read, which throws `InvalidConnection` where that cannot be done: one that
   * is damaged does not stand in the way of the others, nor of what replaces it.
   */
  list(): Promise<StoredConnection[]>;
  /** Adds the connection, or replaces the one of its name, which stays as old as it is. @returns what is stored. */
  save(connection: Connection): Promise<StoredConnection>;
  /** @returns whether there was one. */
  remove(name: string): Promise<boolean>;
}

const stored = z.record(
  z.string(),
  z.object({
    type: z.custom<ConnectionType>((type) => typeof type === "string"),
    configs: z.record(z.string(), z.custom<Value>()),
    /** Initialisation vector, tag and text, base64, with dots between. */
    secrets: z.string(),
    created: z.string().optional(),
    modified: z.string().optional(),
  }),
);
type Stored = z.output<typeof stored>;

/** Beside the connections; other secrets of the state folder are sealed with it too. */
export const SEALING_KEY_FILE = "connections.key";
// Another command writes for a moment only.
const LOCK_WAIT_MS = 5_000;
const KEY_BYTES = 32;

export function openConnectionStore(folder: string): ConnectionStore {
  const file = path.join(folder, "connections.json");
  const keyFile = path.join(folder, SEALING_KEY_FILE);
  /** A new key only where nothing is sealed: beside it what an old one has sealed would be lost, once that came back. */
  const readKey = async (entries: Stored): Promise<Buffer> => {
    if (Object.keys(entries).length > 0 && !existsSync(keyFile)) {
      throw new FlowsteadError(
        "InvalidConnection",
        `${keyFile} is gone, without which nobody can read the secrets in ${file}. Restore it; or move connections.json away and create the connections again.`,
      );
    }
    const key = await readSealingKey(keyFile);
    if (key.length === KEY_BYTES) return key;
    throw new FlowsteadError("InvalidConnection", `${keyFile} holds no key. Restore it from a copy.`);
  };

  const read = async (): Promise<Stored> => {
    const text = await readFile(file, "utf8").catch((thrown: NodeJS.ErrnoException) => {
      // Who may not read what is there must not write over it.
      if (thrown.code === "ENOENT" || thrown.code === "ENOTDIR") return undefined;
      throw thrown;
    });
    return text === undefined ? {} : parse(text, file);
  };
  const change = async (work: (entries: Stored) => Promise<void> | void): Promise<void> => {
    const lock = await lockState(folder, LOCK_WAIT_MS);
    try {
      const entries = await read();
      await work(entries);
      await writeFileAtomic(file, `${stringifyJson(entries, 2)}\n`, 0o600);
    } finally {
      await lock.release();
    }
  };

  return {
    async list() {
      const entries = await read();
      // Reading makes no key: it would lie in the folder of a flow, say, that somebody only looks at.
      if (Object.keys(entries).length === 0) return [];
      const key = await readKey(entries).catch((thrown: unknown) => FlowsteadError.from(thrown));
      return Object.entries(entries).map(([name, { secrets, ...rest }]) => ({
        name,
        ...rest,
        get secrets() {
          if (key instanceof FlowsteadError) throw key;
          return decrypt(secrets, name, key);
        },
      }));
    },
    async save({ name, type, configs, secrets }) {
      const modified = new Date().toISOString();
      let created: string | undefined = modified;
      await change(async (entries) => {
        const key = await readKey(entries);
        const before = Object.hasOwn(entries, name) ? entries[name] : undefined;
        if (before) created = before.created;
        const times = { ...(created === undefined ? {} : { created }), modified };
        entries[name] = { type, configs, secrets: seal(JSON.stringify(secrets), name, key), ...times };
      });
      return { name, type, configs, secrets, ...(created === undefined ? {} : { created }), modified };
    },
    async remove(name) {
      if (!Object.hasOwn(await read(), name)) return false;
      await change((entries) => void delete entries[name]);
      return true;
    },
  };
}

function parse(text: string, file: string): Stored {
  const damaged = (why: string, cause?: unknown): FlowsteadError =>
    new FlowsteadError(
      "InvalidConnection",
      `${file} cannot be read as connections${why}. Restore it from a copy; or move it away and create them again.`,
      { cause },
    );
  let data: Value;
  try {
    data = parseJson(text);
  } catch (cause) {
    throw damaged(` (${(cause as Error).message.replace(/\.$/, "")})`, cause);
  }
  const parsed = stored.safeParse(data);
  if (parsed.success) return parsed.data;
  throw damaged("");
}

function decrypt(sealed: string, name: string, key: Buffer): Record<string, string> {
  try {
    return JSON.parse(unseal(sealed, name, key)) as Record<string, string>;
  } catch (cause) {
    throw new FlowsteadError(
      "InvalidConnection",
      `The secrets of connection "${name}" cannot be decrypted: they are damaged, or ${SEALING_KEY_FILE} is not the key they were made with. Restore that key, or create or delete the connection.`,
      { cause },
    );
  }
}
