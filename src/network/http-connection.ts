import { type Socket, connect } from "node:net";
import { AnswerReader } from "./http-answer.ts";
import type { Headers } from "./retry-after.ts";
import { type Leaving, leaveWithTurn } from "./turn.ts";

export interface ConnectOptions {
  host: string;
  port: number;
  socketPath?: string | undefined;
  timeoutMs: number;
}

/** What a connection tells the client that holds it. */
export interface ConnectionOwner {
  /** It may take another request. */
  onIdle(connection: Connection): void;
  onClosed(connection: Connection): void;
}

/** A request with everything that goes on the wire. */
export interface Work {
  readonly method: string;
  /** The head, and with it the body when that is text. */
  readonly text: string;
  readonly body: Buffer | undefined;
  /** Whether the text is all ASCII for sure, which is sent as it lies in memory. */
  readonly isNarrow: boolean;
  head(status: number, headers: Headers): void;
  data(bytes: Buffer): void;
  end(): void;
  fail(error: Error): void;
}

/**
 * Every read lands here: it is taken out before the next one can begin. Windows asks for the memory ahead of the bytes, so
 * connections can share none there.
 */
const SHARED = Buffer.allocUnsafeSlow(64 * 1024);
const isShared = process.platform !== "win32";

/** One connection to a server, with one request at a time. */
export class Connection implements Leaving {
  /** Until when an idle one may be used, in milliseconds of the monotonic clock. */
  usableUntil = 0;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #reader: AnswerReader;
  #isPaused = false;
  /** Whether its work is still to be sent. */
  #isLeaving = false;
  #work: Work | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isConnected = false;
  #error: Error | undefined;

  constructor({ host, port, socketPath, timeoutMs }: ConnectOptions, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#reader = new AnswerReader({
      head: (status, headers) => this.#work?.head(status, headers),
      data: (bytes) => this.#work?.data(bytes),
      end: (isKept, idleMs) => this.#end(isKept, idleMs),
    });
    const onread = {
      buffer: isShared ? SHARED : Buffer.allocUnsafeSlow(SHARED.length),
      callback: (length: number, buffer: Uint8Array): boolean => {
        this.#read(buffer, length);
        return true;
      },
    };
    const address = socketPath === undefined ? { host, port } : { path: socketPath };
    this.#socket = connect({ ...address, onread, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
    this.#timer = setTimeout(() => {
      const error = new Error(`no connection within ${timeoutMs} ms`);
      this.#socket.destroy(Object.assign(error, { code: "ERR_CONNECT_TIMEOUT" }));
    }, timeoutMs);
    this.#socket.once("connect", () => {
      this.#isConnected = true;
      clearTimeout(this.#timer);
    });
    this.#socket.on("error", (error: Error) => {
      this.#error ??= error;
    });
    this.#socket.once("close", () => this.#closed());
  }

  /** Idle connections do not keep the process alive. */
  setIdle(isIdle: boolean): void {
    if (isIdle) this.#socket.unref();
    else this.#socket.ref();
  }

  start(work: Work): void {
    this.#work = work;
    this.#reader.begin(work.method);
    // The reader of the answer before may have paused at its last bytes.
    if (this.#isPaused) this.resume();
    this.#isLeaving = true;
    leaveWithTurn(this);
  }

  leave(): void {
    const work = this.#work;
    if (!work || !this.#isLeaving) return;
    this.#isLeaving = false;
    const { text, body } = work;
    if (!body) {
      this.#socket.write(text, work.isNarrow ? "latin1" : "utf8");
      return;
    }
    const head = Buffer.allocUnsafe(text.length + body.length);
    head.write(text, "latin1");
    head.set(body, text.length);
    this.#socket.write(head);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** Its work hears nothing more. */
  close(): void {
    this.#work = undefined;
    this.#reader.stop();
    this.#socket.destroy();
  }

  #read(buffer: Uint8Array, length: number): void {
    const bytes = Buffer.allocUnsafe(length);
    bytes.set(buffer.subarray(0, length));
    try {
      this.#reader.push(bytes);
    } catch (thrown) {
      this.#socket.destroy(thrown as Error);
      this.#error ??= thrown as Error;
    }
  }

  #end(isKept: boolean, idleMs: number): void {
    const work = this.#work;
    this.#work = undefined;
    // An answer that came before its request was sent whole leaves a rest of it in the way.
    const isSent = !this.#isLeaving && this.#socket.writableLength === 0;
    if (isKept && idleMs > 0 && isSent && !this.#socket.destroyed) {
      this.usableUntil = performance.now() + idleMs;
      this.#owner.onIdle(this);
    } else this.#socket.destroy();
    work?.end();
  }

  #closed(): void {
    clearTimeout(this.#timer);
    this.#owner.onClosed(this);
    if (!this.#error && this.#work && this.#reader.finish()) return;
    const work = this.#work;
    this.#work = undefined;
    work?.fail(this.#error ?? closedByPeer(this.#isConnected));
  }
}

function closedByPeer(isConnected: boolean): Error {
  const error = new Error(isConnected ? "other side closed" : "other side closed before the connection was made");
  return Object.assign(error, { code: "ECONNRESET" });
}
