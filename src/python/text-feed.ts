// A text on its way to code that reads it while it comes, such as a model's answer to a Python node.

/** How many pieces may wait for the code that reads them before whoever writes is held back. */
const HIGH_WATER = 64;

export interface Fed {
  pieces: string[];
  /** Nothing follows these. */
  done: boolean;
}

export class TextFeed {
  /** Everything that has come. */
  text = "";
  readonly #isKept: boolean;
  readonly #onLeft: () => void;
  #pieces: string[] = [];
  #end: { thrown?: unknown } | undefined;
  #hasLeft = false;
  #wakeReader: (() => void) | undefined;
  #behind: { caughtUp: Promise<void>; resolve: () => void } | undefined;
  readonly #whole: Promise<string>;
  #resolve!: (text: string) => void;
  #reject!: (thrown: unknown) => void;

  /**
   * @param isKept whether the whole text is wanted, however far the code reads
   * @param onLeft called when nobody reads on, unless it has ended
   */
  constructor(isKept: boolean, onLeft: () => void) {
    this.#isKept = isKept;
    this.#onLeft = onLeft;
    this.#whole = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#whole.catch(() => undefined); // Nobody may want it.
  }

  /** Adds a piece; a promise that comes back means: wait before the next one. */
  push(piece: string): Promise<void> | undefined {
    if (this.#end) return undefined;
    this.text += piece;
    if (this.#hasLeft) return undefined;
    this.#pieces.push(piece);
    this.#wakeReader?.();
    if (this.#isKept || this.#pieces.length < HIGH_WATER) return undefined;
    if (!this.#behind) {
      let resolve = (): void => {};
      const caughtUp = new Promise<void>((done) => (resolve = done));
      this.#behind = { caughtUp, resolve };
    }
    return this.#behind.caughtUp;
  }

  end(): void {
    this.#close({});
    this.#resolve(this.text);
  }

  /** Whoever reads gets this after what has come. */
  fail(thrown: unknown): void {
    this.#close({ thrown });
    this.#reject(thrown);
  }

  /** Waits for pieces that have not been pulled. One reader at a time. @throws what it failed with. */
  async pull(): Promise<Fed> {
    while (this.#pieces.length === 0 && !this.#end && !this.#hasLeft) {
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#letGo();
    if (pieces.length === 0 && this.#end && "thrown" in this.#end) throw this.#end.thrown;
    return { pieces, done: this.#hasLeft || (this.#end !== undefined && !("thrown" in this.#end)) };
  }

  /** The text when it has ended. @throws what it failed with. */
  whole(): Promise<string> {
    return this.#whole;
  }

  /** The code does not read on. */
  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#pieces = [];
    this.#wakeReader?.();
    this.#letGo();
    if (!this.#end && !this.#isKept) this.#onLeft();
  }

  #close(end: { thrown?: unknown }): void {
    this.#end ??= end;
    this.#wakeReader?.();
    this.#letGo();
  }

  #letGo(): void {
    this.#behind?.resolve();
    this.#behind = undefined;
  }
}
