import { FlowsteadError } from "../../base/error/error.ts";

/** Bytes from front to back; what is not there is an error, never a guess. Numbers are little-endian. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;
  #at = 0;

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#file = file;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** A view of the file's own bytes. */
  take(length: number): Uint8Array {
    if (length > this.left) throw this.damaged("it ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  uint16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#skip(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  /** Of 8 bytes; one that JavaScript cannot count is refused. */
  int64(): number {
    const value = Number(this.#view.getBigInt64(this.#skip(8), true));
    if (Number.isSafeInteger(value)) return value;
    throw this.damaged(`it holds the number ${value}`);
  }

  /** Of 8 bytes, big-endian as pickles have it. */
  doubleBigEndian(): number {
    return this.#view.getFloat64(this.#skip(8), false);
  }

  text(length: number): string {
    return new TextDecoder().decode(this.take(length));
  }

  /** Up to a line end, which is not part of it. */
  line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw this.damaged("it ends too early");
    const text = this.text(end - this.#at);
    this.#at++;
    return text;
  }

  damaged(reason: string): FlowsteadError {
    return new FlowsteadError("DocumentDamaged", `${this.#file} cannot be read: ${reason}.`);
  }

  #skip(length: number): number {
    this.take(length);
    return this.#at - length;
  }
}
