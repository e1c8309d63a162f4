// One answer of the front: a head, and with it, in the same write, the whole body or its first piece.

import { STATUS_CODES, type OutgoingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { headerLine } from "./header-line.ts";
import { type Leaving, corkForTurn, leaveWithTurn } from "./turn.ts";

/** Above it two writes cost less than a copy. */
const SMALL = 16_384;
const ASCII = /^[\r\n\t\x20-\x7e]*$/;

export class PlainResponse implements Leaving {
  statusCode = 200;
  writableEnded = false;
  writableFinished = false;
  destroyed = false;
  readonly #socket: Socket;
  readonly #onWhole: () => void;
  readonly #isLast: () => boolean;
  /** Undefined until it is known, empty once it has left. */
  #head: string | undefined;
  #isChunked = false;
  /** What `end` was given, until it is sent. */
  #rest: string | Buffer | undefined;
  #encoding: "latin1" | "utf8" = "utf8";
  #listeners: (() => void)[] | undefined;

  /** @param onWhole called once everything has been handed to the system; @param isLast whether the connection ends with it. */
  constructor(socket: Socket, onWhole: () => void, isLast: () => boolean) {
    this.#socket = socket;
    this.#onWhole = onWhole;
    this.#isLast = isLast;
  }

  get headersSent(): boolean {
    return this.#head !== undefined;
  }

  writeHead(status: number, headers: OutgoingHttpHeaders = {}): this {
    if (this.#head !== undefined) throw new Error("The head of this answer has been written.");
    this.statusCode = status;
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n`;
    let hasEnd = status === 204 || status === 304;
    for (const name in headers) {
      const value = headers[name];
      if (value === undefined) continue;
      if (name === "content-length") hasEnd = true;
      if (!Array.isArray(value)) head += headerLine(name, String(value));
      else for (const one of value) head += headerLine(name, one);
    }
    this.#isChunked = !hasEnd;
    this.#head = head;
    return this;
  }

  /** @returns false when the client is behind; then `drained` is to be waited for. */
  write(piece: string | Buffer): boolean {
    if (this.destroyed || this.writableEnded || piece.length === 0) return true;
    const head = this.#takeHead();
    if (typeof piece !== "string") {
      corkForTurn(this.#socket);
      this.#socket.write(this.#isChunked ? `${head}${piece.length.toString(16)}\r\n` : head, "latin1");
      const isWanted = this.#socket.write(piece);
      if (this.#isChunked) this.#socket.write("\r\n", "latin1");
      return isWanted;
    }
    const length = Buffer.byteLength(piece);
    corkForTurn(this.#socket);
    const text = this.#isChunked ? `${length.toString(16)}\r\n${piece}\r\n` : piece;
    return this.#send(head, text, length === piece.length ? "latin1" : "utf8");
  }

  end(body: string | Buffer = "", encoding: "latin1" | "utf8" = "utf8"): this {
    if (this.destroyed || this.writableEnded) return this;
    if (this.#head === undefined) this.writeHead(200);
    const isWhole = this.#isChunked && this.#head !== "";
    if (isWhole) {
      this.#isChunked = false;
      const length = typeof body === "string" ? Buffer.byteLength(body, encoding) : body.length;
      this.#head += `content-length: ${length}\r\n`;
    } else if (this.#isChunked) {
      this.write(typeof body === "string" ? Buffer.from(body, encoding) : body);
      body = "0\r\n\r\n";
    }
    this.writableEnded = true;
    this.#rest = typeof body === "string" || body.length > SMALL ? body : body.toString("latin1");
    this.#encoding = typeof body === "string" ? encoding : "latin1";
    // Pieces that wait for the turn's end take it along.
    if (this.#socket.writableCorked > 0) this.#sendRest();
    leaveWithTurn(this);
    return this;
  }

  leave(): void {
    if (this.destroyed) return;
    this.#sendRest();
    if (this.#socket.writableLength === 0) this.#finish();
    else this.#socket.write("", () => this.#finish());
  }

  #sendRest(): void {
    const rest = this.#rest;
    if (rest === undefined) return;
    this.#rest = undefined;
    const head = this.#takeHead();
    if (typeof rest === "string") this.#send(head, rest, this.#encoding);
    else {
      this.#socket.cork();
      this.#socket.write(head, "latin1");
      this.#socket.write(rest);
      this.#socket.uncork();
    }
  }

  destroy(): this {
    this.#socket.destroy();
    return this;
  }

  once(_event: "close", listener: () => void): this {
    (this.#listeners ??= []).push(listener);
    return this;
  }

  /** Resolves when more may be written, or the client is gone. */
  drained(): Promise<void> {
    const socket = this.#socket;
    if (this.destroyed || !socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off("drain", done);
        socket.off("close", done);
        resolve();
      };
      socket.on("drain", done);
      socket.on("close", done);
    });
  }

  /** The connection is closed: what has not been sent will not be. */
  lose(): void {
    if (this.writableFinished || this.destroyed) return;
    this.#close();
  }

  /** In one piece, as the system is asked once then. A head is in one byte a character, whatever its body is in. */
  #send(head: string, text: string, encoding: "latin1" | "utf8"): boolean {
    const socket = this.#socket;
    if (encoding === "latin1" || ASCII.test(head)) return socket.write(head + text, encoding);
    socket.cork();
    socket.write(head, "latin1");
    const isWanted = socket.write(text, encoding);
    socket.uncork();
    return isWanted;
  }

  #takeHead(): string {
    const head = this.#head;
    if (head === "") return "";
    if (head === undefined) this.writeHead(200);
    const framing = this.#isChunked ? "transfer-encoding: chunked\r\n" : "";
    const kept = this.#isLast() ? "connection: close" : "connection: keep-alive\r\nkeep-alive: timeout=75";
    const text = `${this.#head}${framing}date: ${dateNow()}\r\n${kept}\r\n\r\n`;
    this.#head = "";
    return text;
  }

  #finish(): void {
    if (this.destroyed) return;
    this.writableFinished = true;
    this.#close();
    this.#onWhole();
  }

  #close(): void {
    this.destroyed = true;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners) for (const listener of listeners) listener();
  }
}

let now = { second: Number.NaN, text: "" };

function dateNow(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== now.second) now = { second, text: new Date(second * 1000).toUTCString() };
  return now.text;
}
