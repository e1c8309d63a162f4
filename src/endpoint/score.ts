// The wire format of `/score`: one run's events as the original's JSON body or server-sent events. A pure encoder with a
// sink, so that the router, `flow serve` and tests share it.

import type { ErrorBody } from "../base/error/error.ts";
import { stringifyJson } from "../base/json.ts";
import { sseData } from "../base/sse.ts";
import type { Value, ValueMap } from "../base/value.ts";
import { errorChain, originalMessage } from "../flow/error-chain.ts";
import type { FlowEvent } from "../flow/event.ts";
import type { FlowSignature } from "../flow/target.ts";
import { type ScoreFormat, mediaTypes, notAcceptable, severalStreams } from "./accept.ts";
import { hiddenOutputs } from "./score-output.ts";

export interface ScoreSink {
  /** A whole answer, in one piece. */
  send(status: number, headers: Record<string, string>, text: string): void;
  /** Called once, before any body; leaves with it. */
  head(status: number, headers: Record<string, string>): void;
  /** Resolves when more may be written. */
  write(text: string | Buffer): Promise<void> | void;
  end(): void;
}

export interface ScoreOptions {
  format: ScoreFormat;
  /** What the caller takes, for a refusal that only the run can tell. */
  accept?: string | undefined;
  signature: FlowSignature;
  /** The declared outputs that are answered, as `PROMPTFLOW_RESPONSE_INCLUDED_FIELDS` says. */
  includedFields?: readonly string[];
  /** Answers a failed flow with 424 and the reason in headers, as a managed endpoint does. */
  managed?: boolean;
}

const STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** Writes one run. Resolves when the answer is complete; leaves the loop over `events` early when the sink throws. */
export async function writeScore(
  events: AsyncIterable<FlowEvent>,
  sink: ScoreSink,
  options: ScoreOptions,
): Promise<ErrorBody | undefined> {
  const hidden = hiddenOutputs(options.signature, options.includedFields);
  if (options.format === "json") return writeJson(events, sink, options, hidden);
  if (options.format === "event-stream") return writeStream(events, sink, options, hidden);
  return writeFound(events, sink, options, hidden);
}

async function writeJson(
  events: AsyncIterable<FlowEvent>,
  sink: ScoreSink,
  options: ScoreOptions,
  hidden: ReadonlySet<string>,
): Promise<ErrorBody | undefined> {
  for await (const event of events) {
    if (event.type === "error") return writeError(event.error, sink, options.managed ?? false);
    if (event.type !== "flow-end") continue;
    const text = stringifyJson(answer(event, hidden, options.signature));
    sink.send(200, { "content-type": "application/json" }, text);
  }
  return undefined;
}

async function writeStream(
  events: AsyncIterable<FlowEvent>,
  sink: ScoreSink,
  options: ScoreOptions,
  hidden: ReadonlySet<string>,
): Promise<ErrorBody | undefined> {
  const plainOutputs = options.signature.outputs.filter((output) => !output.streamed && !hidden.has(output.name));
  let values: ValueMap = {};
  let held: string[] = [];
  let started = false;

  /** The original sends the plain fields first, so text waits until they are all there. */
  const start = async (): Promise<void> => {
    started = true;
    sink.head(200, STREAM_HEADERS);
    if (plainOutputs.length > 0) await sink.write(sseData(stringifyJson(values)));
    for (const frame of held) await sink.write(frame);
    held = [];
  };

  for await (const event of events) {
    if (event.type === "restart") values = {};
    else if (event.type === "output" && !hidden.has(event.name)) {
      values[event.name] = event.value;
      if (!started && held.length > 0 && plainOutputs.every((output) => output.name in values)) await start();
    } else if (event.type === "text-delta" && !hidden.has(event.output)) {
      const frame = pieceFrame(event);
      if (!started) {
        held.push(frame);
        if (plainOutputs.every((output) => output.name in values)) await start();
      } else await sink.write(frame);
    } else if (event.type === "flow-end") {
      for (const { name } of plainOutputs) values[name] ??= event.outputs[name] ?? null;
      if (!started) await start();
      sink.end();
    } else if (event.type === "error") {
      if (!started) return writeError(event.error, sink, options.managed ?? false);
      await sink.write(sseData(stringifyJson({ error: publicError(event.error) })));
      sink.end();
      return event.error;
    }
  }
  return undefined;
}

/** A piece of a stream: text, or whatever else code gave. */
function pieceFrame({ output, text, json = JSON.stringify(text) }: FlowEvent & { type: "text-delta" }): string {
  return sseData(`{${JSON.stringify(output)}:${json}}`);
}

/**
 * For a flow whose code shows only when it runs whether it streams. Plain fields come first, so text waits until they are
 * known, unless it is of the output that a flow with one value has: other fields beside it are not expected, and come last.
 */
async function writeFound(
  events: AsyncIterable<FlowEvent>,
  sink: ScoreSink,
  options: ScoreOptions,
  hidden: ReadonlySet<string>,
): Promise<ErrorBody | undefined> {
  const { signature, managed = false } = options;
  const announced = signature.outputs.map(({ name }) => name).filter((name) => !hidden.has(name));
  const expected = announced.length > 0 ? announced : ["output"];
  const found: FoundStreams = { names: new Set(), told: new Map(), othersTold: false, held: [], started: false };
  for await (const event of events) {
    if (event.type === "restart") {
      Object.assign(found, { othersTold: false, held: [] });
      found.names.clear();
      found.told.clear();
    } else if (event.type === "output" && !found.started && !hidden.has(event.name)) {
      found.told.set(event.name, event.value);
      if (found.held.length > 0) await startFound(found, expected, sink);
    } else if (event.type === "text-delta" && !hidden.has(event.output)) {
      found.names.add(event.output);
      found.othersTold ||= event.othersTold ?? false;
      if (event.text === "") continue;
      found.held.push(pieceFrame(event));
      await startFound(found, expected, sink);
    } else if (event.type === "error") {
      if (!found.started) return writeError(event.error, sink, managed);
      await sink.write(sseData(stringifyJson({ error: publicError(event.error) })));
      sink.end();
      return event.error;
    } else if (event.type === "flow-end") return endFound(event, found, { sink, options, hidden });
  }
  return undefined;
}

interface FoundStreams {
  /** Outputs that turned out to stream. */
  names: Set<string>;
  /** The others, as far as they are known. */
  told: Map<string, Value>;
  /** Whether there are no more of them than those told. */
  othersTold: boolean;
  /** What waits for the plain fields. */
  held: string[];
  started: boolean;
}

/** Writes what waits, if one output streams and what comes before it is known. */
async function startFound(found: FoundStreams, expected: readonly string[], sink: ScoreSink): Promise<void> {
  const { names, told, othersTold, held, started } = found;
  if (names.size !== 1) return;
  if (!started) {
    if (!othersTold && !expected.every((name) => told.has(name) || names.has(name))) return;
    found.started = true;
    sink.head(200, STREAM_HEADERS);
    const plain = (othersTold ? [...told.keys()] : expected).filter((name) => !names.has(name));
    const values = Object.fromEntries(plain.map((name) => [name, told.get(name) ?? null]));
    if (plain.length > 0) await sink.write(sseData(stringifyJson(values)));
  }
  found.held = [];
  for (const frame of held) await sink.write(frame);
}

async function endFound(
  event: FlowEnd,
  { names, told, held, started }: FoundStreams,
  { sink, options, hidden }: { sink: ScoreSink; options: ScoreOptions; hidden: ReadonlySet<string> },
): Promise<ErrorBody | undefined> {
  const { signature, format, accept, managed = false } = options;
  if (names.size === 0) {
    if (format === "found-stream") return writeError(notAcceptable(mediaTypes(accept)).toBody(), sink, managed);
    sink.send(200, { "content-type": "application/json" }, stringifyJson(answer(event, hidden, signature)));
    return undefined;
  }
  const several = names.size > 1 ? severalStreams().toBody() : undefined;
  if (several && !started) return writeError(several, sink, managed);
  if (!started) sink.head(200, STREAM_HEADERS);
  const plain = pick(event.outputs, hidden);
  for (const name of started ? [...names, ...told.keys()] : names) delete plain[name];
  if (several) await sink.write(sseData(stringifyJson({ error: publicError(several) })));
  else {
    if (Object.keys(plain).length > 0) await sink.write(sseData(stringifyJson(plain)));
    for (const frame of held) await sink.write(frame);
  }
  sink.end();
  return several;
}

type FlowEnd = FlowEvent & { type: "flow-end" };

/** An object of the outputs, or the one value of a flow whose output has no name. */
function answer({ outputs, bare }: FlowEnd, hidden: ReadonlySet<string>, { bareOutput }: FlowSignature): Value {
  const picked = pick(outputs, hidden);
  return (bare ?? bareOutput) ? (Object.values(picked)[0] ?? null) : picked;
}

function pick(outputs: ValueMap, hidden: ReadonlySet<string>): { [key: string]: Value } {
  if (hidden.size === 0) return { ...outputs };
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => !hidden.has(name)));
}

/** The original's body: the root of the code chain and the message. */
export function publicError(error: ErrorBody): { code: string; message: string } {
  return { code: errorChain(error).split("/")[0] ?? "", message: originalMessage(error) };
}

/**
 * Failures of the platform itself; every other one happened in the flow and is answered with 424 by a managed endpoint. An
 * instance that is lost over a call is the flow's, too: the original's probes see a crashed container as a model that
 * answered 502.
 */
const PLATFORM_CODES: ReadonlySet<string> = new Set([
  "Unauthorized",
  "Forbidden",
  "NotFound",
  "NoTraffic",
  "MethodNotAllowed",
  "RequestTimeout",
  "PayloadTooLarge",
  "TooManyRequests",
  "InstanceUnavailable",
  "ShuttingDown",
  "Canceled",
  "NotAcceptable",
]);

/**
 * A model's failure is the flow's own: 400, as in the original. Its 404 would seem to mean this path, and its 502 or 504 that
 * the server behind a balancer is ill. A limit stays 429, since callers wait and ask again.
 */
function statusOf(error: ErrorBody): number {
  if (error.status === 499) return 408;
  const chain = errorChain(error);
  // Code of the flow may say that a failure is no caller's fault, by the class that it raises.
  if (error.status === 400 && OF_SYSTEM.test(chain)) return 500;
  return error.status !== 429 && OF_MODEL.test(chain) ? 400 : error.status;
}

const OF_SYSTEM = /^SystemError\b/;
const OF_MODEL = /^UserError\/(?:OpenAIError|LLMError)\b/;

/** Writes a failure that is known before any output has left. */
export function writeError(error: ErrorBody, sink: ScoreSink, managed: boolean): ErrorBody {
  const status = statusOf(error);
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (error.retryAfterMs !== undefined) Object.assign(headers, retryHeaders(error.retryAfterMs));
  const inFlow = managed && !PLATFORM_CODES.has(error.code);
  if (inFlow) {
    headers["ms-azureml-model-error-statuscode"] = String(status);
    headers["ms-azureml-model-error-reason"] = headerText(error.message);
  }
  sink.send(inFlow ? 424 : status, headers, stringifyJson({ error: publicError(error) }));
  return error;
}

/** In whole seconds for every client, and exactly for those of the original. */
export function retryHeaders(retryAfterMs: number): Record<string, string> {
  return {
    "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))),
    "retry-after-ms": String(Math.ceil(retryAfterMs)),
  };
}

function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, " ").slice(0, 500);
}
