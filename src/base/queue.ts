/**
 * A queue between a producer that pushes and one consumer that iterates.
 * `onReturn` runs when the consumer leaves early, so that the producer can stop.
 */
export class AsyncQueue<T> implements AsyncIterableIterator<T> {
  readonly #items: T[] = [];
  #head = 0;
  #waiting: { resolve: (result: IteratorResult<T>) => void; reject: (error: unknown) => void } | undefined;
  #ended = false;
  #error: { thrown: unknown } | undefined;
  readonly #onReturn: (() => void) | undefined;

  constructor(onReturn?: () => void) {
    this.#onReturn = onReturn;
  }

  /** Items pushed and not read yet. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    if (this.#ended) return;
    if (this.#waiting) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve({ value: item, done: false });
    } else this.#items.push(item);
  }

  /** Ends the sequence after what has been pushed. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting?.resolve({ value: undefined, done: true });
    this.#waiting = undefined;
  }

  /** Ends the sequence with an error after what has been pushed. */
  fail(thrown: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#waiting) this.#waiting.reject(thrown);
    else this.#error = { thrown };
    this.#waiting = undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#head < this.#items.length) {
      const value = this.#items[this.#head++] as T;
      if (this.#head === this.#items.length) this.#items.length = this.#head = 0;
      else if (this.#head > 1024) {
        this.#items.splice(0, this.#head);
        this.#head = 0;
      }
      return Promise.resolve({ value, done: false });
    }
    if (this.#error) {
      const { thrown } = this.#error;
      this.#error = undefined;
      return Promise.reject(thrown);
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<T>> {
    this.#ended = true;
    this.#items.length = this.#head = 0;
    this.#onReturn?.();
    return Promise.resolve({ value: undefined, done: true });
  }
}
