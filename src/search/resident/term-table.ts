// The words of an index, numbered, and in which passages each stands.

interface NumberedTerms {
  body: Int32Array;
  field: Int32Array;
}

// How often a term stands in a passage: in the text, and above these bits in title and headings.
const BITS = 16;
const MOST = 2 ** BITS - 1;
const MOST_IN_FIELD = 2 ** 14 - 1;

export class TermTable {
  readonly #numbers = new Map<string, number>();
  /** By number of the term: numbers of passages in order, each followed by its counts. */
  readonly #postings: number[][] = [];
  /** By number of the term, zero between two passages. */
  #counts = new Int32Array(1024);

  number(term: string): number | undefined {
    return this.#numbers.get(term);
  }

  /** How many passages hold the term. */
  frequency(term: string): number {
    const number = this.#numbers.get(term);
    return number === undefined ? 0 : this.#postings[number]!.length / 2;
  }

  /** How many passages hold each term that any holds. */
  frequencies(): Map<string, number> {
    const found = new Map<string, number>();
    for (const [term, number] of this.#numbers) {
      const { length } = this.#postings[number]!;
      if (length > 0) found.set(term, length / 2);
    }
    return found;
  }

  /** The terms' numbers; new terms get one. */
  numbersOf(terms: readonly string[]): Int32Array {
    const numbers = new Int32Array(terms.length);
    for (let at = 0; at < numbers.length; at++) {
      const term = terms[at]!;
      let number = this.#numbers.get(term);
      if (number === undefined) {
        number = this.#postings.length;
        this.#numbers.set(term, number);
        this.#postings.push([]);
      }
      numbers[at] = number;
    }
    return numbers;
  }

  /** Adds a passage, whose number must be above those that are there. */
  post(passage: number, { body, field }: NumberedTerms): void {
    if (this.#counts.length < this.#postings.length) this.#counts = new Int32Array(2 * this.#postings.length);
    const counts = this.#counts;
    for (const term of body) if ((counts[term]! & MOST) < MOST) counts[term]! += 1;
    for (const term of field) if (counts[term]! >> BITS < MOST_IN_FIELD) counts[term]! += 1 << BITS;
    for (const terms of [body, field]) {
      for (const term of terms) {
        const count = counts[term]!;
        if (count === 0) continue;
        counts[term] = 0;
        this.#postings[term]!.push(passage, count);
      }
    }
  }

  forget(passage: number, { body, field }: NumberedTerms): void {
    for (const term of new Set([...body, ...field])) {
      const posting = this.#postings[term]!;
      let [low, high] = [0, posting.length / 2 - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (posting[middle * 2]! < passage) low = middle + 1;
        else high = middle;
      }
      posting.splice(low * 2, 2);
    }
  }

  eachPosting(term: string, take: (passage: number, inBody: number, inField: number) => void): void {
    const number = this.#numbers.get(term);
    if (number === undefined) return;
    const posting = this.#postings[number]!;
    for (let at = 0; at < posting.length; at += 2) {
      const count = posting[at + 1]!;
      take(posting[at]!, count & MOST, count >> BITS);
    }
  }

  /** Passages get other numbers, in the same order. */
  renumber(passages: Int32Array): void {
    for (const posting of this.#postings) {
      for (let at = 0; at < posting.length; at += 2) posting[at] = passages[posting[at]!]!;
    }
  }
}
