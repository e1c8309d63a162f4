// The framing between the engine and a Python process: four bytes of length, big-endian, then JSON in UTF-8.

import { parseJson, stringifyJson } from "../base/json.ts";
import type { Value } from "../base/value.ts";

export function encodeFrame(message: unknown): Buffer {
  const text = stringifyJson(message);
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(4 + length);
  frame.writeUInt32BE(length, 0);
  frame.write(text, 4);
  return frame;
}

/** Cuts a byte stream into messages. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;

  /** Takes the next bytes and returns the messages that are complete. */
  push(chunk: Buffer): Value[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const messages: Value[] = [];
    for (;;) {
      if (this.#size < 4) return messages;
      const head = this.#join(4);
      const length = head.readUInt32BE(0);
      if (this.#size < 4 + length) return messages;
      const whole = this.#join(4 + length);
      messages.push(parseJson(whole.toString("utf8", 4, 4 + length)));
      this.#drop(4 + length);
    }
  }

  /** The first chunk, made at least `size` bytes long. */
  #join(size: number): Buffer {
    const [first] = this.#chunks;
    if (first && first.length >= size) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #drop(size: number): void {
    const [first] = this.#chunks;
    if (!first) return;
    if (first.length === size) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(size);
    this.#size -= size;
  }
}
