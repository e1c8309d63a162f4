import type { ChatChunk, ChatDelta } from "./chat-model.ts";
import { HeldText, type TextEnd } from "./held-text.ts";

interface Held {
  chunk: ChatChunk;
  /** Where this chunk's texts end. */
  ends: [text: HeldText, end: TextEnd][];
}

/**
 * Keeps the newest text of a stream until what follows it has been seen. A chunk leaves when its text has been checked
 * together with `holdBackChars` after it, so that no part of a phrase up to that length leaves before the whole is known.
 */
export class HoldBack {
  readonly #holdBack: number;
  readonly #step: number;
  /** By choice, each by the field that it stands in: what is written in turns is read for itself. */
  readonly #texts = new Map<number, Map<string, HeldText>>();
  /** Choices of which the reader has seen the end. */
  readonly #ended = new Set<number>();
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

  /** Those that have been seen and whose end has not, by number. */
  get choices(): number[] {
    return [...this.#texts.keys()].filter((index) => !this.#ended.has(index));
  }

  add(chunk: ChatChunk): void {
    this.#last = chunk;
    const ends: Held["ends"] = [];
    for (const { index, delta, finish_reason: finish } of chunk.choices) {
      let texts = this.#texts.get(index);
      if (!texts) this.#texts.set(index, (texts = new Map()));
      for (const [field, added] of textsOf(delta)) {
        let text = texts.get(field);
        if (!text) texts.set(field, (text = new HeldText(this.#holdBack)));
        ends.push([text, text.add(added)]);
      }
      // The end waits for the whole choice.
      if (finish) for (const text of texts.values()) ends.push([text, text.end()]);
    }
    this.#held.push({ chunk, ends });
  }

  /** Texts with enough that is new to be checked; they count as checked from here on. */
  due(): string[] {
    return this.#take(this.#step);
  }

  /** The same for whatever is left. */
  rest(): string[] {
    for (const texts of this.#texts.values()) for (const text of texts.values()) text.end();
    return this.#take(1);
  }

  /** Chunks that may leave now. */
  release(): ChatChunk[] {
    let count = 0;
    while (this.#held[count]?.ends.every(([text, end]) => text.isFree(end))) count++;
    return this.#leave(count);
  }

  all(): ChatChunk[] {
    return this.#leave(this.#held.length);
  }

  #leave(count: number): ChatChunk[] {
    const chunks = this.#held.splice(0, count).map(({ chunk }) => chunk);
    for (const { choices } of chunks)
      for (const { index, finish_reason: finish } of choices) if (finish) this.#ended.add(index);
    return chunks;
  }

  #take(least: number): string[] {
    return [...this.#texts.values()].flatMap((texts) => [...texts.values()].flatMap((text) => text.take(least)));
  }
}

type Said = ChatDelta & { reasoning_content?: unknown; reasoning?: unknown };

/** Everything in a delta that a reader or a tool would get to read. */
function textsOf(delta: Said = {}): [field: string, text: string][] {
  const { content, refusal, reasoning_content: thought, reasoning, function_call: older, tool_calls: calls } = delta;
  const texts: [string, unknown][] = [
    ["content", content],
    ["refusal", refusal],
    ["thought", thought],
    ["reasoning", reasoning],
    ["name", older?.name],
    ["arguments", older?.arguments],
  ];
  for (const { index, function: called } of calls ?? [])
    texts.push([`name ${index}`, called?.name], [`arguments ${index}`, called?.arguments]);
  return texts.filter((one): one is [string, string] => typeof one[1] === "string" && one[1] !== "");
}
