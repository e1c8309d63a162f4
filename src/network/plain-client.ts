// A client of one server without TLS, for paths that thousands of calls take: HTTP/1.1 over pooled sockets, callbacks from
// the socket to whoever reads, nothing in between. It costs a call less CPU than undici's pool does, and reads nothing that
// could be understood in two ways.

import { headerLine } from "./header-line.ts";
import { type ConnectOptions, Connection, type Work } from "./http-connection.ts";
import type { AnswerHandler, Exchange, HttpClient, HttpClientOptions, HttpRequest } from "./http-exchange.ts";
import type { Headers } from "./retry-after.ts";

const SWEEP_MS = 2000;

export function plainClient(origin: string, options: HttpClientOptions): HttpClient {
  const { hostname, port, host } = new URL(origin);
  const address: ConnectOptions = {
    host: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    port: Number(port || 80),
    socketPath: options.socketPath,
    timeoutMs: options.timeoutMs,
  };
  const begin = ` HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
  /** The one used last is taken first, so that those too many grow old. */
  const idle: Connection[] = [];
  const open = new Set<Connection>();
  const waiting = new Set<Call>();
  let inWork = 0;
  let whenDone: (() => void) | undefined;
  let sweeping: NodeJS.Timeout | undefined;

  const owner = {
    onIdle(connection: Connection): void {
      const [next] = waiting;
      if (next) {
        waiting.delete(next);
        next.start(connection);
        return;
      }
      if (whenDone) return connection.close();
      idle.push(connection);
      connection.setIdle(true);
      sweeping ??= setTimeout(sweep, SWEEP_MS).unref();
    },
    onClosed(connection: Connection): void {
      open.delete(connection);
      const at = idle.indexOf(connection);
      if (at >= 0) idle.splice(at, 1);
      const [next] = waiting;
      if (!next) return;
      waiting.delete(next);
      next.start(connected());
    },
  };

  function sweep(): void {
    sweeping = undefined;
    const now = performance.now();
    for (const connection of idle.filter(({ usableUntil }) => usableUntil <= now)) drop(connection);
    if (idle.length > 0) sweeping = setTimeout(sweep, SWEEP_MS).unref();
  }

  function drop(connection: Connection): void {
    idle.splice(idle.indexOf(connection), 1);
    connection.close();
  }

  function connected(): Connection {
    const connection = new Connection(address, owner);
    open.add(connection);
    return connection;
  }

  function usable(): Connection | undefined {
    const now = performance.now();
    for (let last = idle.pop(); last; last = idle.pop()) {
      if (last.usableUntil > now) {
        last.setIdle(false);
        return last;
      }
      last.close();
    }
    return undefined;
  }

  class Call implements Exchange, Work {
    readonly method: string;
    readonly text: string;
    readonly body: Buffer | undefined;
    isNarrow = false;
    readonly #handler: AnswerHandler;
    #connection: Connection | undefined;
    #isOver = false;
    paused = false;

    constructor({ method, path, headers, body }: HttpRequest, handler: AnswerHandler) {
      this.method = method;
      this.#handler = handler;
      const head = headOf(method, path) + begin;
      const rest = headersOf(headers);
      if (body === null || body === undefined) {
        this.text = `${head}${rest}${method === "POST" || method === "PUT" ? "content-length: 0\r\n" : ""}\r\n`;
      } else if (typeof body === "string") {
        const length = Buffer.byteLength(body);
        this.text = `${head}${rest}content-length: ${length}\r\n\r\n${body}`;
        this.isNarrow = length === body.length;
      } else {
        this.text = `${head}${rest}content-length: ${body.length}\r\n\r\n`;
        this.body = body;
      }
    }

    start(connection: Connection): void {
      this.#connection = connection;
      connection.start(this);
      if (this.paused) connection.pause();
    }

    begin(): void {
      inWork++;
      this.#handler.onRequestStart(this);
    }

    get isOver(): boolean {
      return this.#isOver;
    }

    head(status: number, headers: Headers): void {
      this.#handler.onResponseStart(this, status, headers);
    }

    data(bytes: Buffer): void {
      this.#handler.onResponseData(this, bytes);
    }

    end(): void {
      if (this.#over()) this.#handler.onResponseEnd(this);
    }

    fail(error: Error): void {
      if (this.#over()) this.#handler.onResponseError(this, error);
    }

    pause(): void {
      this.paused = true;
      this.#connection?.pause();
    }

    resume(): void {
      if (!this.paused) return;
      this.paused = false;
      this.#connection?.resume();
    }

    abort(reason: Error): void {
      if (this.#isOver) return;
      waiting.delete(this);
      this.#connection?.close();
      this.fail(reason);
    }

    #over(): boolean {
      if (this.#isOver) return false;
      this.#isOver = true;
      this.#connection = undefined;
      if (--inWork === 0) whenDone?.();
      return true;
    }
  }

  return {
    dispatch(request, handler) {
      const call = new Call(request, handler);
      call.begin();
      if (call.isOver) return;
      if (whenDone) return call.fail(new Error("the client is closed"));
      const connection = usable();
      if (connection) call.start(connection);
      else if (open.size < options.connections) call.start(connected());
      else waiting.add(call);
    },
    close() {
      return new Promise((resolve) => {
        whenDone = resolve;
        clearTimeout(sweeping);
        for (const connection of idle.splice(0)) connection.close();
        if (inWork === 0) resolve();
      });
    },
  };
}

const TARGET = /^[\x21-\x7e]+$/;

function headOf(method: string, path: string): string {
  if (TARGET.test(path)) return `${method} ${path}`;
  throw new TypeError("A path holds characters that must be escaped.");
}

/** Of headers that cannot change any more. */
let lately: { headers: HttpRequest["headers"]; text: string } | undefined;

function headersOf(headers: HttpRequest["headers"]): string {
  if (lately?.headers === headers) return lately.text;
  let text = "";
  for (const name in headers) text += headerLine(name, headers[name] as string);
  if (Object.isFrozen(headers)) lately = { headers, text };
  return text;
}
