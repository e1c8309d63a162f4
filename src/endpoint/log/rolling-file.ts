// A log that never fills the disk: when a file has reached its size it is set aside, and the oldest of those set aside goes.

import { appendFile, mkdir, open, rename, rm, stat, truncate } from "node:fs/promises";
import path from "node:path";
import type { WriteTrouble } from "./write-trouble.ts";

export interface RollingFile {
  /** Adds a line; it is in the file soon, in the order of the calls. A disk that is full costs lines, not the caller. */
  write(line: string): void;
  /** The last lines, across files, oldest first. */
  tail(count: number): Promise<string[]>;
  /** Resolves when everything written before is in the file. */
  flush(): Promise<void>;
}

export interface RollingOptions {
  /** Default 10 MiB. */
  maxBytes?: number;
  /** Files kept beside the one that is written. Default 4. */
  kept?: number;
  /** Told of lines that are lost. */
  trouble?: WriteTrouble;
}

const MOST_WAITING_BYTES = 4 * 2 ** 20;

export function rollingFile(
  file: string,
  { maxBytes = 10 * 2 ** 20, kept = 4, trouble }: RollingOptions = {},
): RollingFile {
  let waiting: string[] = [];
  let waitingBytes = 0;
  let size: number | undefined;
  let work: Promise<void> | undefined;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const text = waiting.join("");
      const lines = waiting.length;
      waiting = [];
      waitingBytes = 0;
      try {
        size ??= await sizeOf(file);
        if (size > 0 && size + text.length > maxBytes) {
          await roll(file, kept);
          size = 0;
        }
        await append(file, text);
        size += Buffer.byteLength(text);
        trouble?.written();
      } catch (thrown) {
        trouble?.lost(file, lines, thrown);
        // Half a line must not stand before the next one.
        if (size !== undefined) await truncate(file, size).catch(() => {});
        size = undefined;
      }
    }
    work = undefined;
  }

  const flush = async (): Promise<void> => {
    while (work) await work;
  };
  return {
    write(line) {
      if (waitingBytes > MOST_WAITING_BYTES) {
        trouble?.lost(file, 1, new Error("it takes longer to write than to come"));
        return;
      }
      waiting.push(`${line}\n`);
      waitingBytes += line.length + 1;
      work ??= drain();
    },
    flush,
    async tail(count) {
      await flush();
      let lines: string[] = [];
      for (let number = 0; number <= kept && lines.length < count; number++) {
        const text = await readEnd(number === 0 ? file : `${file}.${number}`, (count - lines.length) * 2_000);
        lines = [...text.split("\n").filter((line) => line !== ""), ...lines];
      }
      return lines.slice(Math.max(0, lines.length - count));
    },
  };
}

async function append(file: string, text: string): Promise<void> {
  try {
    await appendFile(file, text, { mode: 0o600 });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await appendFile(file, text, { mode: 0o600 });
  }
}

async function roll(file: string, kept: number): Promise<void> {
  await rm(`${file}.${kept}`, { force: true });
  for (let number = kept - 1; number >= 0; number--) {
    const from = number === 0 ? file : `${file}.${number}`;
    await rename(from, `${file}.${number + 1}`).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code !== "ENOENT") throw thrown;
    });
  }
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    (found) => found.size,
    () => 0,
  );
}

/** The last bytes, beginning with a whole line. */
async function readEnd(file: string, most: number): Promise<string> {
  const handle = await open(file, "r").catch(() => undefined);
  if (!handle) return "";
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - most);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    const text = buffer.toString("utf8", 0, bytesRead);
    return start === 0 ? text : text.slice(text.indexOf("\n") + 1);
  } finally {
    await handle.close();
  }
}
