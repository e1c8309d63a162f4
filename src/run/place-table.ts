// Where each line's row is in a journal. A run may have a hundred thousand lines, so a place is 13 bytes beside its number,
// and no object.

export type LineStatus = "Completed" | "Failed";

export interface Place {
  offset: number;
  size: number;
  status: LineStatus;
}

const FIRST_SLOTS = 1024;

export class PlaceTable {
  readonly #slots = new Map<number, number>();
  #offsets = new Float64Array(FIRST_SLOTS);
  #sizes = new Uint32Array(FIRST_SLOTS);
  #failed = new Uint8Array(FIRST_SLOTS);

  get count(): number {
    return this.#slots.size;
  }

  has(line: number): boolean {
    return this.#slots.has(line);
  }

  get(line: number): Place | undefined {
    const slot = this.#slots.get(line);
    if (slot === undefined) return undefined;
    return {
      offset: this.#offsets[slot] ?? 0,
      size: this.#sizes[slot] ?? 0,
      status: this.#failed[slot] === 1 ? "Failed" : "Completed",
    };
  }

  /** Of two rows of one line the later counts. */
  set(line: number, { offset, size, status }: Place): void {
    const slot = this.#slots.get(line) ?? this.#slots.size;
    if (slot >= this.#offsets.length) this.#grow();
    this.#slots.set(line, slot);
    this.#offsets[slot] = offset;
    this.#sizes[slot] = size;
    this.#failed[slot] = status === "Failed" ? 1 : 0;
  }

  /** In ascending order. */
  lines(status?: LineStatus): number[] {
    const lines: number[] = [];
    for (const [line, slot] of this.#slots)
      if (status === undefined || (this.#failed[slot] === 1) === (status === "Failed")) lines.push(line);
    return lines.sort((a, b) => a - b);
  }

  #grow(): void {
    const size = this.#offsets.length * 2;
    const [offsets, sizes, failed] = [new Float64Array(size), new Uint32Array(size), new Uint8Array(size)];
    offsets.set(this.#offsets);
    sizes.set(this.#sizes);
    failed.set(this.#failed);
    [this.#offsets, this.#sizes, this.#failed] = [offsets, sizes, failed];
  }
}
