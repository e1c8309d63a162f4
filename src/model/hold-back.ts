import type { ChatChunk } from "./chat-model.ts";

interface Text {
  all: string;
  checked: number;
}

interface Held {
  chunk: ChatChunk;
  /** Where this chunk's text ends, by choice. */
  ends: [choice: number, end: number][];
}

/**
 * Keeps the newest text of a stream until what follows it has been seen. A chunk leaves when its text has been checked
 * together with `holdBackChars` after it, so that no part of a phrase up to that length leaves before the whole is known.
 */
export class HoldBack {
  readonly #holdBack: number;
  readonly #step: number;
  readonly #texts = new Map<number, Text>();
  #held: Held[] = [];
  #last: ChatChunk = { id: "", created: 0, model: "", choices: [] };

  constructor({ holdBackChars, stepChars }: { holdBackChars: number; stepChars: number }) {
    this.#holdBack = holdBackChars;
    this.#step = stepChars;
  }

  /** The newest chunk. */
  get last(): ChatChunk {
    return this.#last;
  }

  /** Those that have been seen, by number. */
  get choices(): number[] {
    return [...this.#texts.keys()];
  }

  add(chunk: ChatChunk): void {
    this.#last = chunk;
    const ends: Held["ends"] = [];
    for (const { index, delta } of chunk.choices) {
      const calls = delta?.tool_calls?.map((call) => call.function?.arguments ?? "").join("") ?? "";
      const added = (delta?.content ?? "") + (delta?.refusal ?? "") + calls;
      const text = this.#texts.get(index) ?? { all: "", checked: 0 };
      text.all += added;
      this.#texts.set(index, text);
      ends.push([index, text.all.length]);
    }
    this.#held.push({ chunk, ends });
  }

  /** Texts with enough that is new to be checked; they count as checked from here on. */
  due(): string[] {
    return this.#take(this.#step);
  }

  /** The same for whatever is left. */
  rest(): string[] {
    return this.#take(1);
  }

  /** Chunks that may leave now. */
  release(): ChatChunk[] {
    let count = 0;
    while (count < this.#held.length && this.#isFree(this.#held[count] as Held)) count++;
    return this.#held.splice(0, count).map(({ chunk }) => chunk);
  }

  all(): ChatChunk[] {
    return this.#held.splice(0).map(({ chunk }) => chunk);
  }

  #isFree({ ends }: Held): boolean {
    return ends.every(([index, end]) => {
      const { checked } = this.#texts.get(index) as Text;
      // What follows may have come and not been checked yet: it does not count.
      return end === 0 || end + this.#holdBack <= checked;
    });
  }

  #take(least: number): string[] {
    const texts: string[] = [];
    for (const text of this.#texts.values()) {
      if (text.all.length - text.checked < least) continue;
      // With what was kept back before, since a phrase may begin there.
      texts.push(text.all.slice(Math.max(0, text.checked - this.#holdBack)));
      text.checked = text.all.length;
    }
    return texts;
  }
}
