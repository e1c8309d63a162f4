import { onAborted } from "../../../base/abort.ts";
import { FlowsteadError } from "../../../base/error/error.ts";
import { AsyncQueue } from "../../../base/queue.ts";
import type { WireCall, WireClient } from "./client.ts";
import type { Decoder } from "./decode.ts";
import { badAnswer, statusFailure } from "./failure.ts";
import type { WireReader } from "./sending.ts";
import type { Headers } from "../../../network/retry-after.ts";

export interface Deadlines {
  /** From the call to the first text of a stream. */
  firstTokenMs: number;
  /** Between two chunks of a stream, or two pieces of a whole answer, once it has begun. */
  idleMs: number;
  /** From the call to the end of an answer that is not streamed. */
  wholeMs: number;
}

export interface WireChat<Item> {
  client: WireClient;
  decoder: Decoder<Item>;
  call: WireCall;
  /** For messages. */
  model: string;
  isStream: boolean;
  deadlines: Deadlines;
  signal: AbortSignal;
}

/** One chat call. Reading stops the call when the reader leaves; the signal ends it with `Canceled`. */
export function wireChat<Item>(chat: WireChat<Item>): AsyncIterable<Item> {
  return new Reading(chat).items;
}

const LINGER_MS = 2000;
const EMPTY = Buffer.alloc(0);

class Reading<Item> implements WireReader {
  readonly items: AsyncQueue<Item>;
  readonly #chat: WireChat<Item>;
  readonly #stop: () => void;
  #isEventStream = false;
  #parts: Buffer[] = [];
  #status = 0;
  /** Bytes of a whole answer that are still to come; infinite where the server does not say. */
  #missing = Infinity;
  readonly #begunAt = performance.now();
  #headers: Headers = {};
  #timer: NodeJS.Timeout;
  #deafen: (() => void) | undefined;
  #hasContent = false;
  #isFinished = false;
  #isOver = false;

  constructor(chat: WireChat<Item>) {
    this.#chat = chat;
    this.items = new AsyncQueue<Item>(() => this.#leave());
    const { firstTokenMs, wholeMs } = chat.deadlines;
    const ms = chat.isStream ? firstTokenMs : wholeMs;
    this.#timer = setTimeout(() => this.#tooLate(ms), ms);
    if (chat.signal.aborted) {
      this.#stop = () => {};
      this.#onAbort();
      return;
    }
    this.#deafen = onAborted(chat.signal, () => this.#onAbort());
    this.#stop = chat.client.send(chat.call, this);
  }

  #onAbort(): void {
    this.onError(
      new FlowsteadError("Canceled", "The call of the model was canceled.", { cause: this.#chat.signal.reason }),
    );
  }

  onStart(status: number, headers: Headers): void {
    this.#status = status;
    this.#headers = headers;
    const type = String(headers["content-type"] ?? "");
    this.#missing = Number(headers["content-length"] ?? Infinity);
    // Trust what is sent over what was asked for: some servers ignore `stream`.
    if (status === 200 && type.includes("event-stream")) this.#isEventStream = true;
  }

  onData(bytes: Buffer): void {
    if (!this.#isEventStream) {
      this.#parts.push(bytes);
      this.#missing -= bytes.length;
      if (this.#missing > 0 && !this.#isOver) this.#awaitRest();
      return;
    }
    if (this.#isOver) return;
    const { items, isContent, isFinished, isDone, failure } = this.#chat.decoder.push(bytes);
    if (isFinished) this.#isFinished = true;
    if (items.length > 0) this.#refresh(isContent);
    for (const item of items) this.items.push(item);
    if (failure) this.onError(failure);
    else if (isDone) {
      this.#complete();
      // A server that says it is done and keeps the answer open would hold the socket for ever.
      this.#timer = setTimeout(() => this.#stop(), LINGER_MS);
      this.#timer.unref();
    }
  }

  #refresh(isContent: boolean): void {
    if (this.#hasContent) this.#timer.refresh();
    else if (this.#isFinished || isContent) {
      this.#hasContent = true;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#stalled(), this.#chat.deadlines.idleMs);
    }
  }

  /** Most answers come in one piece and never get here. */
  #awaitRest(): void {
    const { idleMs, wholeMs } = this.#chat.deadlines;
    const leftMs = this.#begunAt + wholeMs - performance.now();
    clearTimeout(this.#timer);
    this.#timer =
      leftMs < idleMs ? setTimeout(() => this.#tooLate(wholeMs), leftMs) : setTimeout(() => this.#stalled(), idleMs);
  }

  onEnd(): void {
    clearTimeout(this.#timer);
    const { client, decoder, model } = this.#chat;
    if (this.#isEventStream) {
      if (this.#isFinished) this.#complete();
      else {
        const message = `${client.upstream.host} ended its answer without a last chunk: it was cut off.`;
        this.onError(new FlowsteadError("ModelConnectionLost", message));
      }
      return;
    }
    const [first = EMPTY] = this.#parts;
    const body = this.#parts.length > 1 ? Buffer.concat(this.#parts) : first;
    if (this.#status < 200 || this.#status > 299) {
      this.onError(
        statusFailure(client.upstream, this.#status, { headers: this.#headers, body: body.toString("utf8"), model }),
      );
      return;
    }
    const items = decoder.whole(body);
    if (!items) {
      const type = String(this.#headers["content-type"] ?? "no content type");
      this.onError(badAnswer(client.upstream, `something else than a ${decoder.name} (${type})`));
      return;
    }
    for (const item of items) this.items.push(item);
    this.#complete();
  }

  #tooLate(ms: number): void {
    const what = this.#chat.isStream ? "begin its answer" : "answer";
    const message = `${this.#chat.client.upstream.host} did not ${what} within ${ms} ms.`;
    this.onError(new FlowsteadError("ModelTimeout", message));
  }

  #stalled(): void {
    const { client, deadlines } = this.#chat;
    const message = `The answer of ${client.upstream.host} stood still for ${deadlines.idleMs} ms.`;
    this.onError(new FlowsteadError("ModelStalled", message));
  }

  #complete(): void {
    if (this.#isOver) return;
    this.#tidy();
    this.items.end();
  }

  onError(error: FlowsteadError): void {
    if (this.#isOver) return;
    this.#tidy();
    this.#stop?.();
    this.items.fail(error);
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#tidy();
    this.#stop();
  }

  #tidy(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#deafen?.();
  }
}
