// The strict reading of HTTP/1.1 answers. What two readers could understand differently is an error and no guess: a second
// length, a length beside chunks, a folded header, a line end of another kind.

import type { Headers } from "./retry-after.ts";

/** What is told of one answer, in this order; `end` is the last. */
export interface AnswerSink {
  head(status: number, headers: Headers): void;
  /** Bytes that nobody else will change. */
  data(bytes: Buffer): void;
  /** `isKept`: whether the connection may take another request, and for how long at most it will be open. */
  end(isKept: boolean, idleMs: number): void;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");
const MOST_HEAD = 64 * 1024;
const MOST_LINE = 4096;
/** Servers close idle connections after 5 s or more; one that says less is believed. */
const IDLE_MS = 4000;
/** What is on its way when the server closes. */
const SAFETY_MS = 1000;
const STATUS = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
export const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
export const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Digits, then extensions, which mean nothing to us. */
const SIZE =
  /^([0-9a-f]{1,12})(?:;[!#$%&'*+.^_`|~\w-]+(?:=(?:[!#$%&'*+.^_`|~\w-]+|"[\x20\x21\x23-\x5b\x5d-\x7e]*"))?)*$/i;

/** The state between two reads. */
type Place = "none" | "head" | "length" | "close" | "size" | "chunk" | "chunk-end" | "trailer";

export class AnswerReader {
  readonly #sink: AnswerSink;
  #place: Place = "none";
  #method = "";
  /** The beginning of a line or a head that has not arrived whole. */
  #held: Buffer | undefined;
  /** Bytes of the body, or of the chunk, still to come. */
  #left = 0;
  #isKept = false;
  #idleMs = IDLE_MS;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  begin(method: string): void {
    this.#method = method;
    this.#place = "head";
  }

  /** Hears nothing more until the next `begin`. */
  stop(): void {
    this.#place = "none";
    this.#held = undefined;
  }

  /** @throws Error for what is no answer. */
  push(received: Buffer): void {
    const bytes = this.#held ? Buffer.concat([this.#held, received]) : received;
    this.#held = undefined;
    for (let at = 0; at < bytes.length;) {
      if (this.#place === "none") throw malformed("more than one answer to a request");
      const next = this.#step(bytes, at);
      if (next === undefined) {
        this.#held = bytes.subarray(at);
        return;
      }
      at = next;
    }
  }

  /** The connection has ended. @returns whether that is the end of the answer; it has been told then. */
  finish(): boolean {
    if (this.#place !== "close") return false;
    this.#isKept = false;
    this.#end(true);
    return true;
  }

  /** @returns where to go on, or undefined when more is needed. */
  #step(bytes: Buffer, at: number): number | undefined {
    switch (this.#place) {
      case "head": {
        const end = bytes.indexOf(HEAD_END, at);
        if (end < 0 ? bytes.length - at > MOST_HEAD : end - at > MOST_HEAD) throw malformed("a head without an end");
        if (end < 0) return undefined;
        const next = end + HEAD_END.length;
        this.#head(bytes.toString("latin1", at, end), next === bytes.length);
        return next;
      }
      case "length":
      case "chunk": {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        const isWhole = this.#left === 0;
        const isBody = this.#place === "length";
        if (isWhole && !isBody) this.#place = "chunk-end";
        this.#sink.data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
        // Whoever got the bytes may have given up.
        if (isWhole && isBody && this.#place === "length") this.#end(end === bytes.length);
        return end;
      }
      case "close":
        this.#sink.data(bytes.subarray(at));
        return bytes.length;
      case "chunk-end":
        if (bytes.length - at < 2) return undefined;
        if (bytes[at] !== 13 || bytes[at + 1] !== 10) throw malformed("a chunk of another length than it says");
        this.#place = "size";
        return at + 2;
      default: {
        const end = bytes.indexOf(LINE_END, at);
        if (end < 0 ? bytes.length - at > MOST_LINE : end - at > MOST_LINE) throw malformed("a line without an end");
        if (end < 0) return undefined;
        const line = bytes.toString("latin1", at, end);
        if (this.#place === "size") this.#size(line);
        else if (line === "") this.#end(end + 2 === bytes.length);
        else valueOf(line, nameOf(line));
        return end + 2;
      }
    }
  }

  #size(line: string): void {
    const digits = SIZE.exec(line)?.[1];
    if (digits === undefined) throw malformed("a chunk without a size");
    this.#left = Number.parseInt(digits, 16);
    this.#place = this.#left === 0 ? "trailer" : "chunk";
  }

  #head(text: string, isLast: boolean): void {
    let from = endOfLine(text, 0);
    const [, minor, code] = STATUS.exec(text.slice(0, from)) ?? [];
    if (code === undefined) throw malformed("something else than HTTP/1.1");
    const status = Number(code);
    const headers: Headers = {};
    while (from < text.length) {
      from += LINE_END.length;
      const to = endOfLine(text, from);
      const line = text.slice(from, to);
      const name = nameOf(line);
      const value = valueOf(line, name);
      from = to;
      const before = headers[name];
      if (before === undefined) headers[name] = value;
      else if (LENGTHS.has(name)) throw malformed("two lengths");
      else if (typeof before === "string") headers[name] = [before, value];
      else before.push(value);
    }
    if (status === 101) throw malformed("another protocol");
    // Said before the answer, such as 103 with early hints.
    if (status < 200) return;
    this.#frame(status, headers, minor === "1");
    this.#sink.head(status, headers);
    if (this.#place === "length" && this.#left === 0) this.#end(isLast);
  }

  /** How the end of the body will be known. */
  #frame(status: number, headers: Headers, isNew: boolean): void {
    const { "content-length": length, "transfer-encoding": coding } = headers;
    const connection = String(headers["connection"] ?? "").toLowerCase();
    this.#isKept = isNew ? !connection.includes("close") : connection.includes("keep-alive");
    this.#idleMs = idleOf(headers["keep-alive"]);
    if (coding !== undefined && (length !== undefined || !isNew)) throw malformed("two lengths");
    if (length !== undefined && !/^\d{1,15}$/.test(length as string)) throw malformed("a length that is no number");
    if (coding !== undefined && (coding as string).toLowerCase() !== "chunked")
      throw malformed(`the transfer encoding ${coding as string}`);
    if (this.#method === "HEAD" || status === 204 || status === 304) {
      this.#place = "length";
      this.#left = 0;
    } else if (coding !== undefined) this.#place = "size";
    else if (length !== undefined) {
      this.#place = "length";
      this.#left = Number(length);
    } else this.#place = "close";
  }

  /** With bytes behind it that nobody asked for, a connection is of no more use. */
  #end(isLast: boolean): void {
    this.#place = "none";
    this.#sink.end(this.#isKept && isLast, this.#idleMs);
  }
}

function idleOf(header: string | string[] | undefined): number {
  const seconds = typeof header === "string" ? /(?:^|[\s,;])timeout=(\d{1,6})/i.exec(header)?.[1] : undefined;
  return seconds === undefined ? IDLE_MS : Math.min(IDLE_MS, Number(seconds) * 1000 - SAFETY_MS);
}

const LENGTHS: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);
/** Servers use few names, always written alike. */
const names = new Map<string, string>();
const MOST_NAMES = 500;

/** What stands before the colon, in small letters. */
function nameOf(line: string): string {
  const colon = line.indexOf(":");
  const written = line.slice(0, Math.max(0, colon));
  const known = names.get(written);
  if (known !== undefined) return known;
  if (!HEADER_NAME.test(written)) throw malformed("a header without a name");
  const name = written.toLowerCase();
  if (names.size < MOST_NAMES) names.set(written, name);
  return name;
}

function valueOf(line: string, name: string): string {
  const value = line.slice(name.length + 1);
  if (!HEADER_VALUE.test(value)) throw malformed("a header with control characters");
  // To some readers a tab beside a length is white space, to others a part of it.
  if (LENGTHS.has(name) && value.includes("\t")) throw malformed("a length with a tab");
  return value.trim();
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\r\n", from);
  return end < 0 ? text.length : end;
}

function malformed(what: string): Error {
  return Object.assign(new Error(`the server sent ${what}`), { code: "HPE_INVALID" });
}
