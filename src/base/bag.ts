/** What can lie in a bag: one at a time, which keeps its place there. */
export interface Placed {
  /** -1 outside of a bag; only the bag writes it. */
  place: number;
}

/**
 * A set for what comes and goes with every call. V8's own sets make a new table for every few changes, and a table that was
 * given up points to its successor: once the first is old, whatever stood in one of the others is garbage that only a full
 * collection finds. Here nothing is allocated, nor kept.
 */
export class Bag<T extends Placed> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    item.place = this.#items.push(item) - 1;
  }

  /** @returns whether it was there. */
  delete(item: T): boolean {
    const { place } = item;
    if (this.#items[place] !== item) return false;
    const last = this.#items.pop() as T;
    if (last !== item) {
      this.#items[place] = last;
      last.place = place;
    }
    item.place = -1;
    return true;
  }

  /** What lies there now, in no order. */
  items(): T[] {
    return [...this.#items];
  }
}
