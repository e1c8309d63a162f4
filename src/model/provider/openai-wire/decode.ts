// From the bytes of an answer to its chunks.

import type { FlowsteadError } from "../../../base/error/error.ts";
import { SseParser } from "../../../base/sse.ts";
import { type ChatChunk, isContent } from "../../chat-model.ts";
import type { ChatDialect } from "./dialect.ts";
import { badAnswer, chunkFailure, type Upstream } from "./failure.ts";

/** What one read of a stream held. */
export interface Decoded<Item> {
  items: Item[];
  /** Whether one of them shows the caller something. */
  isContent: boolean;
  /** Whether one of them says why the answer ends. */
  isFinished: boolean;
  /** The stream has said `[DONE]`; what follows is nothing. */
  isDone: boolean;
  /** What came after the items and broke the answer off. */
  failure?: FlowsteadError;
}

/** Made anew for each call. */
export interface Decoder<Item> {
  /** For messages about answers in another form. */
  readonly name: string;
  push(bytes: Buffer): Decoded<Item>;
  /** Undefined for a body that is no answer. */
  whole(body: Buffer): Item[] | undefined;
}

/** @param isStream whether a whole answer, too, is to come as the chunks that a stream would have had */
export function chunkDecoder(dialect: ChatDialect, upstream: Upstream, isStream: boolean): Decoder<ChatChunk> {
  let sse: SseParser | undefined;
  return {
    name: dialect.name,
    push(bytes) {
      const decoded: Decoded<ChatChunk> = { items: [], isContent: false, isFinished: false, isDone: false };
      sse ??= new SseParser();
      for (const { data } of sse.push(bytes)) {
        if (data === "[DONE]") {
          decoded.isDone = true;
          break;
        }
        const value = valueOf(data, upstream);
        const chunks = "failure" in value ? undefined : dialect.event(value.event);
        if (!chunks) {
          decoded.failure = "failure" in value ? value.failure : noChunk(dialect.name, upstream);
          break;
        }
        for (const chunk of chunks) {
          decoded.items.push(chunk);
          if (isContent(chunk)) decoded.isContent = true;
          if (chunk.choices.some((choice) => choice.finish_reason)) decoded.isFinished = true;
        }
      }
      return decoded;
    },
    whole(body) {
      try {
        return dialect.whole(JSON.parse(body.toString("utf8")), isStream);
      } catch {
        return undefined;
      }
    },
  };
}

/** The value of a `data:` line, or why it ends the answer. */
export function valueOf(data: string, upstream: Upstream): { event: object } | { failure: FlowsteadError } {
  let event: unknown;
  try {
    event = JSON.parse(data);
  } catch (thrown) {
    return { failure: badAnswer(upstream, "a stream that holds something else than JSON", thrown) };
  }
  if (typeof event !== "object" || event === null) return { failure: noChunk("chat completion", upstream) };
  if ("error" in event && event.error) return { failure: chunkFailure(upstream, event) };
  return { event };
}

export function noChunk(name: string, upstream: Upstream): FlowsteadError {
  return badAnswer(upstream, `a stream of something else than ${name} chunks`);
}
