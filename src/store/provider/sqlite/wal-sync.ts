import { type FileHandle, open } from "node:fs/promises";

/**
 * Makes commits outlive a power cut without holding up the process: SQLite writes the write-ahead log and leaves the
 * waiting for the disk to this, which waits in the background, once for all commits that came together.
 */
export class WalSync {
  readonly #file: string;
  #handle: Promise<FileHandle> | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(databaseFile: string) {
    this.#file = `${databaseFile}-wal`;
  }

  /** Resolves when everything that has been committed before the call is on the disk. */
  sync(): Promise<void> {
    if (!this.#running) return this.#start();
    // The one that is under way may have begun before this commit; those who come meanwhile share the next.
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#next?.catch(() => undefined);
    await this.#running?.catch(() => undefined);
    const handle = await this.#handle?.catch(() => undefined);
    await handle?.close();
  }

  #start(): Promise<void> {
    this.#next = undefined;
    this.#running = this.#flush().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #flush(): Promise<void> {
    this.#handle ??= open(this.#file, "r+");
    try {
      await (await this.#handle).datasync();
    } catch (thrown) {
      this.#handle = undefined;
      throw thrown;
    }
  }
}
