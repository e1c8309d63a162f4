// What has come of each line, in the order in which lines ended: one append-only file, from which everything else in a
// run's folder can be made again. A line is a row of fields between tabs (JSON text holds none); a row that was being
// written when the process died has no end and is cut off.

import { type FileHandle, open } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { FlowsteadError } from "../base/error/error.ts";
import { type LineStatus, type Place, PlaceTable } from "./place-table.ts";

export type { LineStatus } from "./place-table.ts";

const SYNC_MS = 250;
const WINDOW = 1 << 20;
const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);

export class LineJournal {
  readonly #file: FileHandle;
  readonly #places = new PlaceTable();
  #size = 0;
  #pending: { line: number; text: string; status: LineStatus }[] = [];
  #writing: Promise<void> | undefined;
  #failure: FlowsteadError | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> | undefined;
  readonly #buffer = Buffer.allocUnsafe(WINDOW);
  #window: { offset: number; bytes: Buffer } = { offset: 0, bytes: NOTHING };

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Opens a journal, or begins one. With `readOnly` nothing is cut off, and a missing file is an error. */
  static async open(path: string, options: { readOnly?: boolean } = {}): Promise<LineJournal> {
    const { readOnly = false } = options;
    const journal = new LineJournal(await open(path, readOnly ? "r" : "a+"));
    try {
      await journal.#scan();
      if (!readOnly) await journal.#file.truncate(journal.#size);
    } catch (thrown) {
      await journal.#file.close();
      throw thrown;
    }
    return journal;
  }

  has(line: number): boolean {
    return this.#places.has(line);
  }

  get count(): number {
    return this.#places.count;
  }

  /** Line numbers in ascending order, all or those of one status. */
  lines(status?: LineStatus): number[] {
    return this.#places.lines(status);
  }

  /** Resolves when the row would survive the end of this process; a quarter of a second later, that of the machine. */
  append(line: number, status: LineStatus, fields: readonly string[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#pending.push({ line, status, text: `${line}\t${status}\t${fields.join("\t")}\n` });
    this.#writing ??= this.#write();
    return this.#writing;
  }

  /** The fields of a line as they were given. Reading in ascending order is fast; one line at a time. */
  async read(line: number): Promise<string[]> {
    const place = this.#places.get(line);
    if (!place) throw new FlowsteadError("Unexpected", `The journal has no line ${line}.`);
    const bytes = await this.#bytes(place);
    return bytes
      .toString("utf8", 0, bytes.length - 1)
      .split("\t")
      .slice(2);
  }

  async close(): Promise<void> {
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    try {
      await this.#writing?.catch(() => undefined);
      await this.#syncing;
      await this.#file.datasync().catch(() => undefined);
    } finally {
      await this.#file.close();
    }
  }

  async #write(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        // One turn of the event loop later, so that lines that end together are written together.
        await setImmediate();
        const batch = this.#pending.splice(0);
        const rows = batch.map(({ text }) => Buffer.from(text));
        await this.#file.appendFile(Buffer.concat(rows));
        for (const [index, { line, status }] of batch.entries()) {
          const { length: size } = rows[index] as Buffer;
          this.#places.set(line, { offset: this.#size, size, status });
          this.#size += size;
        }
      }
    } catch (thrown) {
      // Part of a row may be in the file; nothing may follow it.
      this.#failure = FlowsteadError.from(thrown);
      throw this.#failure;
    } finally {
      this.#writing = undefined;
    }
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined;
      this.#syncing = this.#file.datasync().catch(() => undefined);
    }, SYNC_MS);
  }

  async #bytes({ offset, size }: Place): Promise<Buffer> {
    const { offset: from, bytes } = this.#window;
    if (offset >= from && offset + size <= from + bytes.length)
      return bytes.subarray(offset - from, offset - from + size);
    // One buffer is used again and again: what is read becomes text before the next read.
    const buffer = size <= this.#buffer.length ? this.#buffer : Buffer.allocUnsafe(size);
    this.#window = { offset: 0, bytes: NOTHING };
    let filled = 0;
    while (filled < size) {
      const { bytesRead } = await this.#file.read(buffer, filled, buffer.length - filled, offset + filled);
      if (bytesRead === 0) throw new FlowsteadError("Unexpected", "The run's journal was cut while it was read.");
      filled += bytesRead;
    }
    this.#window = { offset, bytes: buffer.subarray(0, filled) };
    return buffer.subarray(0, size);
  }

  async #scan(): Promise<void> {
    const chunk = Buffer.allocUnsafe(WINDOW);
    let head = Buffer.alloc(0);
    let rowSize = 0;
    for (let at = 0; ;) {
      const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      let from = 0;
      for (;;) {
        const end = chunk.subarray(0, bytesRead).indexOf(NEWLINE, from);
        const part = chunk.subarray(from, end < 0 ? bytesRead : end);
        // Only the row's beginning is needed: its number and its status.
        if (head.length < 64) head = Buffer.concat([head, part.subarray(0, 64)]);
        rowSize += part.length;
        if (end < 0) break;
        if (!this.#note(head.toString("latin1"), rowSize + 1)) return;
        head = Buffer.alloc(0);
        rowSize = 0;
        from = end + 1;
      }
    }
  }

  #note(head: string, size: number): boolean {
    const [, line, status] = /^(\d+)\t(Completed|Failed)\t/.exec(head) ?? [];
    if (line === undefined) return false;
    this.#places.set(Number(line), { offset: this.#size, size, status: status as LineStatus });
    this.#size += size;
    return true;
  }
}
