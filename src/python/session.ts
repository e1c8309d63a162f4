// The Python side of one run.

import type { Connection } from "../connection/connection.ts";
import { PythonLiteral, type Value, type ValueMap } from "../base/value.ts";
import type { PieceFacts, TracedCall } from "./message.ts";
import type { Progress } from "./process.ts";
import { type PythonResult, type ObjectReference, PythonValue, lostValue } from "./python-value.ts";
import { TextFeed } from "./text-feed.ts";
import type { Worker } from "./worker.ts";

/** A text that comes while the code runs is a generator there. */
export type PythonInput = PythonResult | PythonResult[] | TextFeed;

export interface PythonCall {
  /** Relative to the flow's folder; loaded before. */
  file: string;
  inputs: Record<string, PythonInput>;
  /** Names of inputs that go to the constructor of the tool's class. */
  init: string[];
  /** Inputs that are connections, with the custom class to make of them where there is one. */
  connections: Record<string, { connection: Connection; customType?: string | undefined }>;
  /** Inputs that are definitions of assistants, with the tools of each. */
  assistants?: Record<string, (AssistantFunction | { type: string; definition: ValueMap })[]>;
  /** Inputs in which image dicts are to become images. */
  images: string[];
  /** How they are written; the flow's `message_format`. */
  imageFormat: "basic" | "openai-vision";
  /** Images that are named by URL and known already, as base64 by URL. */
  imageContents?: Record<string, string>;
  /** How texts and numbers are written in the flow's file, where the code can tell; see `writtenLiterals`. */
  written?: Record<string, string>;
  /**
   * The fields of what it gives that are read by others than code of other nodes, where those do not read all of it. Any
   * other iterator is left to that code, which may not want all of it.
   */
  shownFields?: readonly string[] | undefined;
}

/** A loaded tool that an assistant may call as a function. */
export interface AssistantFunction {
  file: string;
  /** What is given beforehand, and is not the model's business. */
  inputs: ValueMap;
  connections: PythonCall["connections"];
}

export interface PythonListener {
  /** A promise that comes back holds the code back until it resolves: it reads no further of its stream. */
  onText(text: string, piece: PieceFacts): Promise<void> | void;
  onLog(stream: "stdout" | "stderr", text: string): void;
  onMetric(name: string, value: Value): void;
  /** A function marked with `@trace` has been called. */
  onTraced?(call: TracedCall): void;
  /** Handed on with what the code asks; see `AnswerQuestion`. */
  caller?: unknown;
}

export interface PythonSession {
  /** @throws WorkerFailure for what Python raised; FlowsteadError `Canceled`, `PythonWorkerCrashed`, `PythonValueLost`. */
  call(call: PythonCall, listener: PythonListener, signal: AbortSignal): Promise<PythonResult>;
  /** Frees the objects that the run's nodes returned. */
  end(): void;
}

function pass(progress: Progress, listener: PythonListener): Promise<void> | void {
  if (progress.t === "chunk") return listener.onText(progress.text, progress);
  if (progress.t === "log") listener.onLog(progress.stream, progress.text);
  else if (progress.t === "span") listener.onTraced?.(progress);
  else listener.onMetric(progress.name, progress.value);
  return undefined;
}

type Reference = ObjectReference | { feed: number; run: string } | { value: Value } | { literal: Value } | Reference[];

export class RunSession implements PythonSession {
  readonly #run: string;
  readonly #principal: string | undefined;
  readonly #pick: () => Promise<Worker>;
  readonly #keeping = new Set<Worker>();
  readonly #held: Worker[] = [];
  readonly #fed = new Map<TextFeed, Worker>();
  #ended = false;
  #worker: Promise<Worker> | undefined;

  constructor({ run, principal }: { run: string; principal: string | undefined }, pick: () => Promise<Worker>) {
    this.#run = run;
    this.#principal = principal;
    this.#pick = pick;
  }

  async call(call: PythonCall, listener: PythonListener, signal: AbortSignal): Promise<PythonResult> {
    const worker = await this.#current();
    const args: Record<string, Value> = {};
    const init: Record<string, Value> = {};
    const refs: Record<string, Reference> = {};
    for (const [name, value] of Object.entries(call.inputs)) {
      const target = call.init.includes(name) ? init : args;
      if (value instanceof TextFeed) {
        refs[name] = this.#feed(value, worker);
        target[name] = null;
      } else if (holdsObject(value)) {
        refs[name] = refer(value, worker);
        target[name] = null;
      } else target[name] = value as Value;
    }
    const message = {
      t: "call",
      run: this.#run,
      file: call.file,
      args,
      init,
      refs,
      connections: connectionMessages(call.connections),
      ...(call.assistants ? { assistants: assistantMessages(call.assistants) } : {}),
      images: call.images,
      image_format: call.imageFormat,
      ...(call.imageContents ? { image_contents: call.imageContents } : {}),
      ...(call.written ? { written: call.written } : {}),
      ...(call.shownFields ? { shown_fields: call.shownFields } : {}),
      ...(this.#principal === undefined ? {} : { principal: this.#principal }),
    };
    const result = await worker.call(
      message,
      { onProgress: (progress) => pass(progress, listener), caller: listener.caller },
      signal,
    );
    if (result instanceof PythonValue) this.#keeping.add(worker);
    return result;
  }

  end(): void {
    this.#ended = true;
    for (const [feed, worker] of this.#fed) worker.process.feeds.forget(feed);
    for (const worker of this.#keeping) worker.process.post({ t: "end", run: this.#run });
    this.#keeping.clear();
    for (const worker of this.#held.splice(0)) worker.release();
  }

  /** All code of the run that reads it is given the same generator, as in the original: what one has read another does not get. */
  #feed(feed: TextFeed, worker: Worker): Reference {
    const known = this.#fed.get(feed);
    if (known !== undefined && known !== worker) throw lostValue();
    this.#fed.set(feed, worker);
    this.#keeping.add(worker);
    return { feed: worker.process.feeds.number(feed), run: this.#run };
  }

  /** The run's process; another one when it has ended. */
  async #current(): Promise<Worker> {
    const worker = await (this.#worker ??= this.#take());
    if (worker.alive) return worker;
    this.#worker = this.#take();
    return this.#worker;
  }

  async #take(): Promise<Worker> {
    const worker = await this.#pick();
    if (this.#ended) worker.release();
    else this.#held.push(worker);
    return worker;
  }
}

function connectionMessages(connections: PythonCall["connections"]): Record<string, object> {
  const named = Object.entries(connections);
  return Object.fromEntries(
    named.map(
      ([
        input,
        {
          connection: { name, type, configs, secrets },
          customType,
        },
      ]) => [input, { name, type, configs, secrets, custom_type: customType }],
    ),
  );
}

function assistantMessages(assistants: NonNullable<PythonCall["assistants"]>): Record<string, object> {
  const message = (tool: AssistantFunction | { type: string; definition: ValueMap }): object =>
    "file" in tool ? { ...tool, connections: connectionMessages(tool.connections) } : tool;
  return Object.fromEntries(Object.entries(assistants).map(([name, tools]) => [name, tools.map(message)]));
}

function holdsObject(value: PythonResult | PythonResult[]): boolean {
  return isObject(value) || (Array.isArray(value) && value.some(isObject));
}

function isObject(value: PythonResult | PythonResult[]): boolean {
  return value instanceof PythonValue || value instanceof PythonLiteral;
}

/** How the worker finds the value: the object itself if it keeps it, its JSON form if another one does. */
function refer(value: PythonResult | PythonResult[], worker: Worker): Reference {
  if (Array.isArray(value)) return value.map((item) => refer(item, worker));
  if (value instanceof PythonLiteral) return { literal: value.facts.wire };
  if (!(value instanceof PythonValue)) return { value };
  if (value.keeper === worker) return value.reference;
  if (value.jsonError === undefined) return { value: value.toJson() };
  throw lostValue();
}
