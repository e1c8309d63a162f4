// Reads the pickle in which LangChain keeps documents beside a FAISS index. A pickle is a program; this knows only the
// instructions that build plain values and the two record classes below, and refuses every other one, so that nothing of a
// file is ever run, imported or called. The instructions are those of Python's pickletools.

import { FlowsteadError } from "../../base/error/error.ts";
import { ByteReader } from "./byte-reader.ts";

/** A Python object of a known class: its name, and what was set on it. */
export interface PickledRecord {
  record: RecordName;
  state: PickledDict | undefined;
}

/** Tuples and lists are arrays; a dict keeps its keys as they are. */
export type Pickled = null | boolean | number | string | Pickled[] | PickledDict | Set<Pickled> | PickledRecord;
export type PickledDict = Map<Pickled, Pickled>;

const RECORDS = ["InMemoryDocstore", "Document"] as const;
type RecordName = (typeof RECORDS)[number];
const MODULE = /^langchain(?:_core|_community|_classic)?(?:\.[a-z_]+)*$/;

/** What lies on the stack: a value, the start of a group, or a class that an object is made of. */
type Item = { value: Pickled } | { mark: true } | { make: RecordName };

/** @throws FlowsteadError `DocumentUnsupported` for what is not plain data, `DocumentDamaged`. */
export function unpickle(bytes: Uint8Array, file: string): Pickled {
  const machine = new Machine(new ByteReader(bytes, file), file);
  return machine.run();
}

class Machine {
  readonly #reader: ByteReader;
  readonly #file: string;
  readonly #stack: Item[] = [];
  readonly #memo = new Map<number, Item>();

  constructor(reader: ByteReader, file: string) {
    this.#reader = reader;
    this.#file = file;
  }

  run(): Pickled {
    for (;;) {
      const code = this.#reader.byte();
      if (code === 0x2e) return this.#value();
      const step = STEPS[code];
      if (!step) throw this.#refused(`instruction 0x${code.toString(16).padStart(2, "0")}`);
      step(this, this.#reader);
    }
  }

  push(value: Pickled): void {
    this.#stack.push({ value });
  }

  mark(): void {
    this.#stack.push({ mark: true });
  }

  /** Values above the last mark, which goes away with them. */
  group(): Pickled[] {
    const at = this.#stack.findLastIndex((item) => "mark" in item);
    if (at < 0) throw this.#reader.damaged("a group has no start");
    const values = this.#stack.splice(at).slice(1);
    return values.map((item) => this.#plain(item));
  }

  last(count: number): Pickled[] {
    return Array.from({ length: count }, () => this.#value()).toReversed();
  }

  keep(at?: number): void {
    const item = this.#stack.at(-1);
    if (!item) throw this.#reader.damaged("there is nothing to remember");
    this.#memo.set(at ?? this.#memo.size, item);
  }

  recall(at: number): void {
    const item = this.#memo.get(at);
    if (!item) throw this.#reader.damaged(`nothing is remembered as ${at}`);
    this.#stack.push(item);
  }

  class(module: Pickled, name: Pickled): void {
    const record = RECORDS.find((one) => one === name);
    if (!record || typeof module !== "string" || !MODULE.test(module)) {
      throw this.#refused(`${JSON.stringify(module)}.${JSON.stringify(name)}`);
    }
    this.#stack.push({ make: record });
  }

  object(): void {
    const [words] = this.last(1);
    const item = this.#stack.pop();
    if (!item || !("make" in item) || !Array.isArray(words) || words.length > 0) {
      throw this.#refused("an object that is made with arguments");
    }
    this.push({ record: item.make, state: undefined });
  }

  build(): void {
    const [state] = this.last(1);
    const target = this.#top();
    if (!isRecord(target) || !(state instanceof Map)) throw this.#refused("an object with a state of its own kind");
    target.state = state;
  }

  append(values: readonly Pickled[]): void {
    const target = this.#top();
    if (!Array.isArray(target)) throw this.#reader.damaged("something is added to what is no list");
    for (const value of values) target.push(value);
  }

  include(values: readonly Pickled[]): void {
    const target = this.#top();
    if (!(target instanceof Set)) throw this.#reader.damaged("something is added to what is no set");
    for (const value of values) target.add(value);
  }

  assign(values: readonly Pickled[]): void {
    const target = this.#top();
    if (!(target instanceof Map) || values.length % 2 !== 0) throw this.#reader.damaged("a dict is not whole");
    for (let at = 0; at < values.length; at += 2) target.set(values[at]!, values[at + 1]!);
  }

  #top(): Pickled {
    const item = this.#stack.at(-1);
    if (!item) throw this.#reader.damaged("there is nothing to add to");
    return this.#plain(item);
  }

  #value(): Pickled {
    const item = this.#stack.pop();
    if (!item) throw this.#reader.damaged("a value is missing");
    return this.#plain(item);
  }

  #plain(item: Item): Pickled {
    if ("value" in item) return item.value;
    throw this.#reader.damaged("a value is missing");
  }

  #refused(what: string): FlowsteadError {
    return new FlowsteadError(
      "DocumentUnsupported",
      `${this.#file} holds more than LangChain documents (${what}), and nothing of it is run. Write the documents as docstore.jsonl, ` +
        'one line {"page_content": "...", "metadata": {...}} for each vector in order, and remove the .pkl file.',
    );
  }
}

type Step = (machine: Machine, reader: ByteReader) => void;

const STEPS: Readonly<Record<number, Step>> = {
  0x80: (_, reader) => void reader.byte(), // PROTO
  0x95: (_, reader) => void reader.take(8), // FRAME
  0x8c: (machine, reader) => machine.push(reader.text(reader.byte())), // SHORT_BINUNICODE
  0x58: (machine, reader) => machine.push(reader.text(reader.uint32())), // BINUNICODE
  0x8d: (machine, reader) => machine.push(reader.text(reader.int64())), // BINUNICODE8
  0x4e: (machine) => machine.push(null), // NONE
  0x88: (machine) => machine.push(true), // NEWTRUE
  0x89: (machine) => machine.push(false), // NEWFALSE
  0x4b: (machine, reader) => machine.push(reader.byte()), // BININT1
  0x4d: (machine, reader) => machine.push(reader.uint16()), // BININT2
  0x4a: (machine, reader) => machine.push(reader.int32()), // BININT
  0x8a: (machine, reader) => machine.push(longOf(reader.take(reader.byte()))), // LONG1
  0x47: (machine, reader) => machine.push(reader.doubleBigEndian()), // BINFLOAT
  0x7d: (machine) => machine.push(new Map()), // EMPTY_DICT
  0x5d: (machine) => machine.push([]), // EMPTY_LIST
  0x29: (machine) => machine.push([]), // EMPTY_TUPLE
  0x8f: (machine) => machine.push(new Set()), // EMPTY_SET
  0x28: (machine) => machine.mark(), // MARK
  0x74: (machine) => machine.push(machine.group()), // TUPLE
  0x85: (machine) => machine.push(machine.last(1)), // TUPLE1
  0x86: (machine) => machine.push(machine.last(2)), // TUPLE2
  0x87: (machine) => machine.push(machine.last(3)), // TUPLE3
  0x61: (machine) => machine.append(machine.last(1)), // APPEND
  0x65: (machine) => machine.append(machine.group()), // APPENDS
  0x90: (machine) => machine.include(machine.group()), // ADDITEMS
  0x73: (machine) => machine.assign(machine.last(2)), // SETITEM
  0x75: (machine) => machine.assign(machine.group()), // SETITEMS
  0x94: (machine) => machine.keep(), // MEMOIZE
  0x71: (machine, reader) => machine.keep(reader.byte()), // BINPUT
  0x72: (machine, reader) => machine.keep(reader.uint32()), // LONG_BINPUT
  0x68: (machine, reader) => machine.recall(reader.byte()), // BINGET
  0x6a: (machine, reader) => machine.recall(reader.uint32()), // LONG_BINGET
  0x63: (machine, reader) => machine.class(reader.line(), reader.line()), // GLOBAL
  0x93: (machine) => machine.class(...(machine.last(2) as [Pickled, Pickled])), // STACK_GLOBAL
  0x81: (machine) => machine.object(), // NEWOBJ
  0x62: (machine) => machine.build(), // BUILD
};

/** Two's complement, the lowest byte first; what is too large becomes the nearest number. */
function longOf(bytes: Uint8Array): number {
  const whole = bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
  return Number(BigInt.asIntN(bytes.length * 8, whole));
}

export function isRecord(value: Pickled | undefined): value is PickledRecord {
  return typeof value === "object" && value !== null && "record" in value;
}
