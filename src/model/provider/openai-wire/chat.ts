import { FlowsteadError } from "../../../base/error/error.ts";
import { AsyncQueue } from "../../../base/queue.ts";
import { SseParser } from "../../../base/sse.ts";
import { type ChatChunk, isContent } from "../../chat-model.ts";
import { asChunk, chunksOfWhole } from "./chunk.ts";
import type { WireCall, WireClient } from "./client.ts";
import { badAnswer, chunkFailure, statusFailure } from "./failure.ts";
import type { Headers } from "./retry-after.ts";

export interface Deadlines {
  /** From the call to the first text of a stream. */
  firstTokenMs: number;
  /** Between two chunks of a stream, once it has begun. */
  idleMs: number;
  /** From the call to the end of an answer that is not streamed. */
  wholeMs: number;
}

/** How a server says its answer, where it is not in OpenAI's chunks. Made anew for each call. */
export interface ChatDialect {
  /** For messages about answers in another form. */
  name: string;
  /** The chunks of one `data:` line; undefined when it is none of this API's. */
  event(value: unknown): ChatChunk[] | undefined;
  /** The chunks of a whole body. */
  whole(value: unknown): ChatChunk[] | undefined;
}

export const OPENAI_DIALECT: ChatDialect = {
  name: "chat completion",
  event: (value) => {
    const chunk = asChunk(value);
    return chunk && [chunk];
  },
  whole: chunksOfWhole,
};

export interface WireChat {
  client: WireClient;
  dialect: ChatDialect;
  call: WireCall;
  /** For messages. */
  model: string;
  isStream: boolean;
  deadlines: Deadlines;
  signal: AbortSignal;
}

/** One chat call. Reading stops the call when the reader leaves; the signal ends it with `Canceled`. */
export function wireChat(chat: WireChat): AsyncIterable<ChatChunk> {
  const reading = new Reading(chat);
  return reading.chunks;
}

const LINGER_MS = 2000;

class Reading {
  readonly chunks: AsyncQueue<ChatChunk>;
  readonly #chat: WireChat;
  readonly #stop: () => void;
  #sse: SseParser | undefined;
  #parts: Buffer[] = [];
  #status = 0;
  #headers: Headers = {};
  #timer: NodeJS.Timeout;
  #hasContent = false;
  #isFinished = false;
  #isOver = false;

  constructor(chat: WireChat) {
    this.#chat = chat;
    this.chunks = new AsyncQueue<ChatChunk>(() => this.#leave());
    const { firstTokenMs, wholeMs } = chat.deadlines;
    const ms = chat.isStream ? firstTokenMs : wholeMs;
    this.#timer = setTimeout(() => this.#tooLate(ms), ms);
    if (chat.signal.aborted) {
      this.#stop = () => {};
      this.#onAbort();
      return;
    }
    chat.signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#stop = chat.client.send(chat.call, {
      onStart: (status, headers) => this.#start(status, headers),
      onData: (chunk) => this.#data(chunk),
      onEnd: () => this.#end(),
      onError: (error) => this.#fail(error),
    });
  }

  readonly #onAbort = (): void => {
    this.#fail(
      new FlowsteadError("Canceled", "The call of the model was canceled.", { cause: this.#chat.signal.reason }),
    );
  };

  #start(status: number, headers: Headers): void {
    this.#status = status;
    this.#headers = headers;
    const type = String(headers["content-type"] ?? "");
    // Trust what is sent over what was asked for: some servers ignore `stream`.
    if (status === 200 && type.includes("event-stream")) this.#sse = new SseParser();
  }

  #data(bytes: Buffer): void {
    if (!this.#sse) {
      this.#parts.push(bytes);
      return;
    }
    for (const { data } of this.#sse.push(bytes)) {
      if (this.#isOver) return;
      if (data === "[DONE]") {
        this.#complete();
        // A server that says it is done and keeps the answer open would hold the socket for ever.
        this.#timer = setTimeout(() => this.#stop(), LINGER_MS);
        this.#timer.unref();
      } else this.#message(data);
    }
  }

  #message(data: string): void {
    const { upstream } = this.#chat.client;
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch (thrown) {
      this.#fail(badAnswer(upstream, "a stream that holds something else than JSON", thrown));
      return;
    }
    if (typeof value === "object" && value !== null && "error" in value && value.error) {
      this.#fail(chunkFailure(upstream, value));
      return;
    }
    const { dialect } = this.#chat;
    const chunks = typeof value === "object" && value !== null ? dialect.event(value) : undefined;
    if (chunks) for (const chunk of chunks) this.#push(chunk);
    else this.#fail(badAnswer(upstream, `a stream of something else than ${dialect.name} chunks`));
  }

  #push(chunk: ChatChunk): void {
    if (chunk.choices.some((choice) => choice.finish_reason)) this.#isFinished = true;
    if (this.#hasContent) this.#timer.refresh();
    else if (this.#isFinished || isContent(chunk)) {
      this.#hasContent = true;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#stalled(), this.#chat.deadlines.idleMs);
    }
    this.chunks.push(chunk);
  }

  #end(): void {
    clearTimeout(this.#timer);
    const { client, model } = this.#chat;
    if (this.#sse) {
      if (this.#isFinished) this.#complete();
      else {
        const message = `${client.upstream.host} ended its answer without a last chunk: it was cut off.`;
        this.#fail(new FlowsteadError("ModelConnectionLost", message));
      }
      return;
    }
    const body = Buffer.concat(this.#parts).toString("utf8");
    if (this.#status < 200 || this.#status > 299) {
      this.#fail(statusFailure(client.upstream, this.#status, { headers: this.#headers, body, model }));
      return;
    }
    let chunks: ChatChunk[] | undefined;
    try {
      chunks = this.#chat.dialect.whole(JSON.parse(body));
    } catch {
      // Told below, together with JSON of another form.
    }
    if (!chunks) {
      const type = String(this.#headers["content-type"] ?? "no content type");
      this.#fail(badAnswer(client.upstream, `something else than a ${this.#chat.dialect.name} (${type})`));
      return;
    }
    for (const chunk of chunks) this.chunks.push(chunk);
    this.#complete();
  }

  #tooLate(ms: number): void {
    const what = this.#chat.isStream ? "begin its answer" : "answer";
    const message = `${this.#chat.client.upstream.host} did not ${what} within ${ms} ms.`;
    this.#fail(new FlowsteadError("ModelTimeout", message));
  }

  #stalled(): void {
    const { client, deadlines } = this.#chat;
    const message = `The answer of ${client.upstream.host} stood still for ${deadlines.idleMs} ms.`;
    this.#fail(new FlowsteadError("ModelStalled", message));
  }

  #complete(): void {
    if (this.#isOver) return;
    this.#tidy();
    this.chunks.end();
  }

  #fail(error: FlowsteadError): void {
    if (this.#isOver) return;
    this.#tidy();
    this.#stop?.();
    this.chunks.fail(error);
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#tidy();
    this.#stop();
  }

  #tidy(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#chat.signal.removeEventListener("abort", this.#onAbort);
  }
}
