// Follows one run to its end, over whatever the network allows: the streamed answer to our POST, a new stream after a
// drop, or long polls when a proxy holds streams back. Every event carries a sequence number, so a reader that comes
// back says where it was, and two sources at once cannot tell anything twice.

import type { Api } from "./api.ts";
import type { RunEvent, StreamPart } from "./contract.ts";
import { ApiError } from "./request.ts";
import { sseFrames } from "./sse.ts";
import { linked, pause } from "./wait.ts";

export interface FollowOptions {
  api: Pick<Api, "stream" | "events">;
  conversationId: string;
  /** Events up to here are known already. */
  after: number;
  /** Sends the question. Left out when a run is only joined. */
  begin?: (signal: AbortSignal) => Promise<Response>;
  /** True for the id of a message that is an old run's: its log is not ours to read. */
  isOld: (messageId: string) => boolean;
  onEvent: (event: RunEvent) => void;
  onConnection: (connection: "live" | "reconnecting") => void;
  signal: AbortSignal;
}

/** `ended`: all was told. `gone`: the run is over and its log is no longer served, so load the message. `lost`: no contact. */
export type FollowEnd = "ended" | "gone" | "lost";

type Outcome = { kind: "ended" | "gone" | "closed" } | { kind: "failed"; error: unknown };

const SILENCE_MS = 2_500;
const STALL_MS = 30_000;
const GIVE_UP_MS = 90_000;
const LAST_WORDS_MS = 1_000;
const RETRY_MS = [0, 400, 1_000, 2_000, 4_000, 8_000];

/** Resolves when nothing more will come. Throws ApiError when the question was refused, and on loss of access. */
export async function followRun(options: FollowOptions): Promise<FollowEnd> {
  const log = new LogReader(options);
  let begin = options.begin;
  let attempt = 0;
  let contactAt = Date.now();
  for (;;) {
    const seen = log.seq;
    const outcome = await attach(log, options, begin);
    if (options.signal.aborted || outcome.kind === "ended") return "ended";
    if (outcome.kind === "gone") return "gone";
    if (outcome.kind === "failed") {
      if (isFinal(outcome.error)) throw outcome.error;
      if (begin && !log.started) return joinOrThrow(log, options, outcome.error);
    }
    begin = undefined;
    if (log.seq > seen) {
      attempt = 0;
      contactAt = Date.now();
    }
    if (Date.now() - contactAt > GIVE_UP_MS) return "lost";
    if (outcome.kind === "failed" || attempt > 0) options.onConnection("reconnecting");
    await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 0, options.signal, "online");
    attempt++;
  }
}

/** The question may have arrived although its answer did not: looks once for the run before it reports the failure. */
async function joinOrThrow(log: LogReader, options: FollowOptions, error: unknown): Promise<FollowEnd> {
  await pause(300, options.signal);
  const outcome = await attach(log, options, undefined);
  if (outcome.kind === "ended" && log.started) return "ended";
  if (log.started) return followRun({ ...options, begin: undefined, after: log.seq });
  throw error instanceof ApiError
    ? error
    : new ApiError(0, "unreachable", "The connection broke before the answer began.");
}

/** A refusal that asking again will not change. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 408;
}

/** One stream, joined by polling when the stream shows nothing in time. The first of the two to tell something goes on alone. */
async function attach(log: LogReader, options: FollowOptions, begin: FollowOptions["begin"]): Promise<Outcome> {
  const streaming = linked(options.signal);
  const polling = linked(options.signal);
  try {
    if (log.polls && !begin) return await poll(log, options, polling.signal, false);
    const silence = linked(polling.signal);
    let streamWon = false;
    let pollWon = false;
    const stream = readStream(log, options, {
      begin,
      signal: streaming.signal,
      onBytes() {
        if (streamWon || pollWon) return;
        streamWon = true;
        polling.abort();
      },
    });
    const waitThenPoll = async (): Promise<Outcome> => {
      await pause(SILENCE_MS, silence.signal);
      if (polling.signal.aborted) return stream;
      log.onFirstPolled = () => {
        if (streamWon) return;
        pollWon = true;
        log.polls = true;
        streaming.abort();
      };
      const outcome = await poll(log, options, polling.signal, begin !== undefined);
      // A poll that failed proves nothing while the stream may still speak.
      return pollWon || outcome.kind === "ended" ? outcome : stream;
    };
    const streamUnlessBeaten = stream.then((outcome) => (pollWon ? new Promise<never>(() => undefined) : outcome));
    return await Promise.race([streamUnlessBeaten, waitThenPoll()]);
  } finally {
    log.onFirstPolled = undefined;
    streaming.abort();
    polling.abort();
  }
}

interface StreamOptions {
  begin: FollowOptions["begin"];
  signal: AbortSignal;
  onBytes: () => void;
}

async function readStream(log: LogReader, options: FollowOptions, stream: StreamOptions): Promise<Outcome> {
  const stalled = linked(stream.signal);
  let watch: ReturnType<typeof setTimeout> | undefined;
  const rearm = (limitMs: number): void => {
    clearTimeout(watch);
    watch = setTimeout(() => stalled.abort(), limitMs);
  };
  try {
    const response = stream.begin
      ? await stream.begin(stalled.signal)
      : await options.api.stream(options.conversationId, log.seq, stalled.signal);
    if (response.status === 204 || !response.body) return { kind: "gone" };
    rearm(STALL_MS);
    const onBytes = (): void => {
      rearm(log.closing ? LAST_WORDS_MS : STALL_MS);
      stream.onBytes();
    };
    for await (const frame of sseFrames(response.body, onBytes)) {
      if (frame.data === "[DONE]") return { kind: "ended" };
      log.take({ seq: frame.id === undefined ? Number.NaN : Number(frame.id), part: JSON.parse(frame.data) });
      if (log.closing) rearm(LAST_WORDS_MS);
    }
    return { kind: log.closing ? "ended" : "closed" };
  } catch (error) {
    if (log.closing) return { kind: "ended" };
    if (!stream.begin && error instanceof ApiError && error.status === 404) return { kind: "gone" };
    return { kind: "failed", error };
  } finally {
    clearTimeout(watch);
  }
}

async function poll(log: LogReader, options: FollowOptions, signal: AbortSignal, asked: boolean): Promise<Outcome> {
  const deadline = Date.now() + GIVE_UP_MS;
  try {
    while (!signal.aborted) {
      const startedAt = Date.now();
      const slice = await options.api.events(options.conversationId, log.seq, signal).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      });
      if (signal.aborted) break;
      const mine = slice !== undefined && log.takePolled(slice.events);
      if (mine && slice.done) return { kind: log.closing ? "ended" : "gone" };
      // Before our question has arrived, the server may know no run yet, or only the last one.
      const waiting = asked && !log.started;
      if (!waiting && (slice === undefined || slice.done)) return { kind: "gone" };
      if (waiting && Date.now() > deadline) return { kind: "closed" };
      if (waiting || Date.now() - startedAt < 100) await pause(400, signal);
    }
    return { kind: "closed" };
  } catch (error) {
    return { kind: "failed", error };
  }
}

/** Where we are in the run's log. Hands each event on once. */
class LogReader {
  seq: number;
  /** Anything of this run has been seen. */
  started: boolean;
  /** The run has said its last word; only the end of the transport is missing. */
  closing = false;
  /** Streams do not come through here: poll at once next time. */
  polls = false;
  onFirstPolled: (() => void) | undefined;
  readonly #options: FollowOptions;

  constructor(options: FollowOptions) {
    this.seq = options.after;
    this.started = options.begin === undefined;
    this.#options = options;
  }

  take(event: RunEvent): void {
    if (this.#options.signal.aborted || event.seq <= this.seq) return;
    if (!Number.isNaN(event.seq)) this.seq = event.seq;
    this.started = true;
    this.closing ||= isLast(event.part);
    this.#options.onConnection("live");
    this.#options.onEvent(event);
  }

  /** False when the slice is an old run's, or says nothing of ours. */
  takePolled(events: RunEvent[]): boolean {
    const first = events[0]?.part;
    if (!this.started && first === undefined) return false;
    if (!this.started && first?.type === "start" && first.messageId && this.#options.isOld(first.messageId))
      return false;
    if (first !== undefined) this.onFirstPolled?.();
    for (const event of events) this.take(event);
    return true;
  }
}

function isLast(part: StreamPart): boolean {
  return part.type === "finish" || part.type === "abort" || part.type === "error";
}
