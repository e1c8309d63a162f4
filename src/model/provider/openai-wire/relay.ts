// An answer of the OpenAI wire for clients of the same wire: the bytes go through as they came. Each message is looked at,
// since accounts, deadlines and failover need to know what it is, and none is written anew unless it is in another form.

import { addedText, type ChatChunk, type ChatDelta, isContent, partOf, type RelayPart } from "../../chat-model.ts";
import { OPENAI_DIALECT } from "./dialect.ts";
import { asChunk, isChoice } from "./chunk.ts";
import { chunkDecoder, type Decoded, type Decoder, noChunk, valueOf } from "./decode.ts";
import type { Upstream } from "./failure.ts";

const BLANK_LINE = "\n\n";
const CARRIAGE_RETURN = 13;
const PREFIX = "data: ";

/** `isStream`: what the client has asked for. An answer of the other kind comes as chunks, to be put together or split. */
export function relayDecoder(isStream: boolean, upstream: Upstream): Decoder<RelayPart> {
  const chunks = chunkDecoder(OPENAI_DIALECT, upstream, isStream);
  let rest: Buffer | undefined;
  // Line ends of other kinds, as few servers send them, are the ordinary decoder's business, from there to the end.
  let isPlain = isStream;

  function decodeAsChunks(bytes: Buffer): Decoded<RelayPart> {
    const decoded = chunks.push(bytes);
    return { ...decoded, items: decoded.items.map(partOf) };
  }

  return {
    name: OPENAI_DIALECT.name,
    push(received) {
      const bytes = rest ? Buffer.concat([rest, received]) : received;
      rest = undefined;
      if (isPlain && bytes.includes(CARRIAGE_RETURN)) isPlain = false;
      if (!isPlain) return decodeAsChunks(bytes);
      const run = new Run(bytes);
      for (let from = 0; ;) {
        const end = bytes.indexOf(BLANK_LINE, from);
        if (end < 0) {
          if (from < bytes.length) rest = bytes.subarray(from);
          break;
        }
        const next = end + BLANK_LINE.length;
        const text = bytes.toString("utf8", from, end);
        if (text.startsWith(PREFIX) && !text.includes("\n")) {
          const data = text.slice(PREFIX.length);
          if (data === "[DONE]") {
            run.decoded.isDone = true;
            break;
          }
          const value = valueOf(data, upstream);
          const chunk = "failure" in value ? undefined : (value.event as Partial<ChatChunk>);
          if (chunk && isWhole(chunk)) run.keep(chunk, from, next);
          else if (!run.replace(value, upstream)) break;
        } else {
          // Comments, event names, data in several lines.
          const { items, ...other } = decodeAsChunks(bytes.subarray(from, next));
          run.insert(items, other);
          if (other.isDone || other.failure) break;
        }
        from = next;
      }
      run.close();
      return run.decoded;
    },
    whole(body) {
      if (!isStream) {
        const part = wholePart(body);
        if (part) return [part];
      }
      return chunks.whole(body)?.map(partOf);
    },
  };
}

/** The messages of one read, as few parts as there can be. */
class Run {
  readonly decoded: Decoded<RelayPart> = { items: [], isContent: false, isFinished: false, isDone: false };
  readonly #bytes: Buffer;
  #part: RelayPart | undefined;
  #from = 0;
  #to = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  keep(chunk: ChatChunk, from: number, to: number): void {
    const { choices, usage } = chunk;
    const isUsageOnly = Boolean(usage) && choices.length === 0;
    if (isUsageOnly) this.close();
    if (!this.#part) {
      this.#part = { isContent: false, isUsageOnly, pieces: 0, chars: 0 };
      this.#from = from;
    }
    this.#to = to;
    const part = this.#part;
    if (usage) part.usage = usage;
    for (const { delta, finish_reason: finish } of choices) {
      if (finish) this.decoded.isFinished = true;
      const text = addedText(delta);
      if (text === undefined) continue;
      part.pieces++;
      part.chars += text.length;
    }
    if (!part.isContent && isContent(chunk)) {
      part.isContent = true;
      this.decoded.isContent = true;
    }
    if (isUsageOnly) this.close();
  }

  /** @returns whether the stream goes on. */
  replace(value: ReturnType<typeof valueOf>, upstream: Upstream): boolean {
    const chunk = "failure" in value ? undefined : asChunk(value.event);
    if (!chunk) {
      this.decoded.failure = "failure" in value ? value.failure : noChunk(OPENAI_DIALECT.name, upstream);
      return false;
    }
    const isFinished = chunk.choices.some((choice) => choice.finish_reason);
    this.insert([partOf(chunk)], { isContent: isContent(chunk), isFinished, isDone: false });
    return true;
  }

  insert(
    items: readonly RelayPart[],
    { isContent, isFinished, isDone, failure }: Omit<Decoded<RelayPart>, "items">,
  ): void {
    this.close();
    this.decoded.items.push(...items);
    this.decoded.isContent ||= isContent;
    this.decoded.isFinished ||= isFinished;
    this.decoded.isDone ||= isDone;
    if (failure) this.decoded.failure = failure;
  }

  close(): void {
    if (!this.#part) return;
    this.#part.bytes = this.#bytes.subarray(this.#from, this.#to);
    this.decoded.items.push(this.#part);
    this.#part = undefined;
  }
}

/** Whether nothing has to be filled in. */
function isWhole(chunk: Partial<ChatChunk>): chunk is ChatChunk {
  const { id, created, model, choices } = chunk;
  if (typeof id !== "string" || typeof created !== "number" || typeof model !== "string") return false;
  return Array.isArray(choices) && choices.every((choice) => isChoice(choice) && typeof choice["text"] !== "string");
}

interface WholeChoice {
  index?: unknown;
  finish_reason?: unknown;
  message?: ChatDelta;
}

/** A body that needs no word changed, or undefined. */
function wholePart(body: Buffer): RelayPart | undefined {
  let answer: Partial<ChatChunk> & { object?: unknown };
  try {
    answer = JSON.parse(body.toString("utf8")) as typeof answer;
  } catch {
    return undefined;
  }
  if (answer?.object !== "chat.completion" || !isWhole(answer) || answer.choices.length === 0) return undefined;
  let pieces = 0;
  let chars = 0;
  for (const { index, finish_reason: finish, message } of answer.choices as WholeChoice[]) {
    if (typeof index !== "number" || typeof finish !== "string" || message?.role !== "assistant") return undefined;
    const text = addedText(message);
    if (text === undefined) continue;
    pieces++;
    chars += text.length;
  }
  return { bytes: body, isContent: true, isUsageOnly: false, usage: answer.usage, pieces, chars };
}
