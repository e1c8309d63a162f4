// In front of a server of node's: requests that come whole and mean one thing only are handed over with their body, as one
// object, and their answers are written in one piece. Everything else, from the first byte of it on, is that server's: half
// requests and slow ones, other methods, chunks, upgrades, whatever is malformed or refused. It has all limits and deadlines.

import type { Server } from "node:http";
import type { Socket } from "node:net";
import { type RequestHead, readRequestHead } from "./request-head.ts";
import { PlainResponse } from "./plain-response.ts";
import type { PlainRequest } from "./served-exchange.ts";
import { leaveNow } from "./turn.ts";

/** @returns whether it answers; it has done nothing otherwise. */
export type TakeRequest = (request: PlainRequest, response: PlainResponse) => boolean;

export interface PlainFront {
  /** No connection waits for another request from now on. */
  closeIdle(): void;
  closeAll(): void;
}

export interface PlainFrontOptions {
  /** Where the server gets its connections: `secureConnection` for one that speaks TLS. */
  event: "connection" | "secureConnection";
  take: TakeRequest;
}

/** Larger requests are the server's, which reads them as they come. */
const MOST_WHOLE = 2 ** 20;
/** Of a request behind the one in work. */
const MOST_AHEAD = 64 * 1024;
/** How long the first request and a body may take before the server waits for them. */
const HALF_MS = 2000;
/** As node's server says and does it. */
const IDLE_MS = 76_000;
const SWEEP_MS = 1000;
const NO_HEADERS: readonly string[] = [];

type Listener = (this: Server, socket: Socket) => void;

export function plainFront(server: Server, { event, take }: PlainFrontOptions): PlainFront {
  const listeners = server.listeners(event) as Listener[];
  const connections = new Set<FrontConnection>();
  let isClosing = false;
  const owner: FrontOwner = {
    take,
    isClosing: () => isClosing,
    onClosed: (connection) => void connections.delete(connection),
    handOver: (connection, socket) => {
      connections.delete(connection);
      for (const listener of listeners) listener.call(server, socket);
    },
  };
  const sweep = setInterval(() => {
    const now = performance.now();
    for (const connection of connections) connection.look(now);
  }, SWEEP_MS).unref();
  server.removeAllListeners(event);
  server.on(event, (socket: Socket) => connections.add(new FrontConnection(socket, owner)));
  server.once("close", () => clearInterval(sweep));
  return {
    closeIdle() {
      isClosing = true;
      for (const connection of connections) connection.closeIdle();
    },
    closeAll() {
      isClosing = true;
      leaveNow();
      for (const connection of connections) connection.destroy();
    },
  };
}

interface FrontOwner {
  take: TakeRequest;
  isClosing(): boolean;
  onClosed(connection: FrontConnection): void;
  handOver(connection: FrontConnection, socket: Socket): void;
}

class FrontConnection {
  readonly #socket: Socket;
  readonly #owner: FrontOwner;
  /** What has come and has not been read. */
  #held: Buffer | undefined;
  /** Of a request whose body is still coming. */
  #head: RequestHead | undefined;
  #parts: Buffer[] = [];
  #missing = 0;
  #response: PlainResponse | undefined;
  #hasAnswered = false;
  /** Since when it waits, for a request or the rest of one. */
  #since = performance.now();

  constructor(socket: Socket, owner: FrontOwner) {
    this.#socket = socket;
    this.#owner = owner;
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
  }

  closeIdle(): void {
    if (!this.#response && !this.#head) this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Gives up what has waited too long. */
  look(now: number): void {
    if (this.#response || this.#held) return;
    const waitedMs = now - this.#since;
    const isIdle = this.#hasAnswered && !this.#head;
    if (isIdle ? waitedMs > IDLE_MS : waitedMs > HALF_MS) {
      if (isIdle) this.#socket.destroy();
      else this.#handOver(Buffer.concat(this.#parts));
    }
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#response || this.#held) {
      this.#held = this.#held ? Buffer.concat([this.#held, bytes]) : bytes;
      if (this.#held.length > MOST_AHEAD) this.#socket.pause();
    } else if (this.#head) {
      this.#parts.push(bytes);
      this.#missing -= bytes.length;
      if (this.#missing <= 0) this.#begin(this.#head, Buffer.concat(this.#parts));
    } else this.#next(bytes);
  };

  /** Who has said all wants no more answers: a client that closes says no more than that. */
  readonly #onEnd = (): void => {
    this.#socket.end();
  };

  readonly #onError = (): void => {};

  readonly #onClose = (): void => {
    this.#owner.onClosed(this);
    this.#response?.lose();
  };

  #next(bytes: Buffer): void {
    const head = readRequestHead(bytes);
    const size = head ? head.headBytes + head.bodyBytes : 0;
    if (!head || size > MOST_WHOLE) return this.#handOver(bytes);
    if (size <= bytes.length) return this.#begin(head, bytes);
    this.#head = head;
    this.#parts = [bytes];
    this.#missing = size - bytes.length;
    this.#since = performance.now();
  }

  #begin(head: RequestHead, bytes: Buffer): void {
    const { method, target, headers, headBytes, bodyBytes } = head;
    const size = headBytes + bodyBytes;
    const socket = this.#socket;
    this.#head = undefined;
    this.#parts = [];
    const request: PlainRequest = {
      method,
      url: target,
      httpVersion: "1.1",
      headers,
      rawHeaders: NO_HEADERS,
      socket,
      whole: bytes.subarray(headBytes, size),
    };
    const response = new PlainResponse(socket, this.#onWhole, this.#owner.isClosing);
    this.#response = response;
    if (bytes.length > size) this.#held = bytes.subarray(size);
    if (this.#owner.take(request, response)) return;
    this.#response = undefined;
    this.#held = undefined;
    this.#handOver(bytes);
  }

  readonly #onWhole = (): void => {
    this.#response = undefined;
    this.#hasAnswered = true;
    this.#since = performance.now();
    if (this.#owner.isClosing()) return this.#socket.destroySoon();
    // Not at once: a thousand requests behind one another would stand on one stack.
    if (this.#held) setImmediate(this.#goOn);
  };

  readonly #goOn = (): void => {
    const held = this.#held;
    if (!held || this.#socket.destroyed) return;
    this.#held = undefined;
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#next(held);
  };

  /** The server reads on from the first byte that has not been answered. */
  #handOver(bytes: Buffer): void {
    const socket = this.#socket;
    socket.off("data", this.#onData);
    socket.off("end", this.#onEnd);
    socket.off("error", this.#onError);
    socket.off("close", this.#onClose);
    socket.pause();
    if (bytes.length > 0) socket.unshift(bytes);
    this.#owner.handOver(this, socket);
    socket.resume();
  }
}
