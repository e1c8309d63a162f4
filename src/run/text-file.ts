// Files that readers find whole or not at all, written row by row.

import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { finished } from "node:stream/promises";

/** Characters that wait in memory. */
export const BUFFER = 1 << 18;

/** Takes its name when it is complete. */
export class TextFile {
  readonly #file: string;
  readonly #part: string;
  readonly #stream;
  readonly #finished: Promise<void>;
  #rows = "";

  constructor(file: string) {
    this.#file = file;
    this.#part = `${file}.part`;
    this.#stream = createWriteStream(this.#part);
    this.#finished = finished(this.#stream);
    this.#finished.catch(() => undefined);
  }

  async write(row: string): Promise<void> {
    this.#rows += `${row}\n`;
    if (this.#rows.length > BUFFER) await this.#flush();
  }

  async complete(): Promise<void> {
    if (this.#rows !== "") await this.#flush();
    this.#stream.end();
    await this.#finished;
    await rename(this.#part, this.#file);
  }

  /** What was written does not count; a file of the name that was there before stays. */
  async discard(): Promise<void> {
    this.#stream.destroy();
    await this.#finished.catch(() => undefined);
    await rm(this.#part, { force: true });
  }

  async #flush(): Promise<void> {
    const rows = this.#rows;
    this.#rows = "";
    if (!this.#stream.write(rows)) {
      await Promise.race([new Promise<void>((resolve) => this.#stream.once("drain", resolve)), this.#finished]);
    }
  }
}
