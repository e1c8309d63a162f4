// A run as the chat server keeps it: a log of parts with sequence numbers that goes on whether or not anybody reads, and the
// message that it folds into.

import type { MessageStatus, StoredMessage, StreamPart } from "../../web/shared/wire/contract.ts";

/** One beat of a scripted run: say a part, wait, wait for the test's word, or cut the readers' connections. */
export type Beat = { say: StreamPart } | { waitMs: number } | { gate: string } | { cut: true };

export interface FakeRun {
  readonly runId: string;
  readonly message: StoredMessage;
  readonly log: { seq: number; part: StreamPart }[];
  readonly done: boolean;
  stop(): void;
  /** Resolves when there is something after `seq`, or the run is done, or `ms` have passed. */
  news(seq: number, ms: number): Promise<void>;
}

export interface RunOptions {
  runId: string;
  conversationId: string;
  questionId: string;
  messageId: string;
  beats: Iterable<Beat>;
  gate: (name: string) => Promise<void>;
  cut: () => void;
  onPart: (part: StreamPart) => void;
}

export function startRun(options: RunOptions): FakeRun {
  const log: FakeRun["log"] = [];
  const message: StoredMessage = {
    id: options.messageId,
    role: "assistant",
    createdAt: new Date().toISOString(),
    status: "running",
    parts: [],
  };
  const waiting = new Set<() => void>();
  const stopped = new AbortController();
  const stop = new Promise<void>((resolve) => stopped.signal.addEventListener("abort", () => resolve()));
  let done = false;

  function say(part: StreamPart): void {
    log.push({ seq: log.length + 1, part });
    fold(message, part);
    options.onPart(part);
    for (const wake of waiting) wake();
  }

  function finish(status: MessageStatus): void {
    done = true;
    if (message.status === "running") message.status = status;
    for (const wake of waiting) wake();
  }

  async function play(): Promise<void> {
    const { runId, conversationId, questionId, messageId } = options;
    say({ type: "start", messageId, messageMetadata: { runId, conversationId, questionId } });
    for (const beat of options.beats) {
      if (stopped.signal.aborted) break;
      if ("say" in beat) say(beat.say);
      else if ("cut" in beat) options.cut();
      else if ("gate" in beat) await Promise.race([options.gate(beat.gate), stop]);
      else await Promise.race([sleep(beat.waitMs), stop]);
    }
    if (stopped.signal.aborted) {
      say({ type: "abort" });
      finish("stopped");
    } else finish("complete");
  }
  void play();

  return {
    runId: options.runId,
    message,
    log,
    get done() {
      return done;
    },
    stop: () => stopped.abort(),
    async news(seq, ms) {
      if (log.length > seq || done) return;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        waiting.add(wake);
      });
    },
  };
}

function fold(message: StoredMessage, part: StreamPart): void {
  const { parts } = message;
  if (part.type === "data-restart") parts.length = 0;
  else if (part.type === "text-start") parts.push({ type: "text", text: "" });
  else if (part.type === "text-delta") {
    const text = parts.findLast((each) => each.type === "text");
    if (text) text.text = `${String(text.text)}${part.delta}`;
  } else if (part.type === "data-node" || part.type === "data-citation") {
    const at = parts.findIndex((each) => each.type === part.type && each.id === part.id);
    if (at < 0) parts.push({ ...part });
    else parts[at] = { ...part };
  } else if (part.type === "error") {
    message.status = "error";
    message.error = part.errorText;
  } else if (part.type === "abort") message.status = "stopped";
  else if (part.type === "finish" && message.status === "running") {
    message.status = "complete";
    if (part.messageMetadata?.durationMs !== undefined) message.durationMs = part.messageMetadata.durationMs;
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
