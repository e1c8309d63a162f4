// One Python process and the conversation with it.

import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { FlowsteadError } from "../base/error/error.ts";
import { Feeds } from "./feeds.ts";
import { FrameReader, encodeFrame } from "./frame.ts";
import type { WorkerFault, WorkerMessage } from "./message.ts";
import { type ProcessEnvironment, workerProgram } from "./interpreter.ts";
import { type AnswerQuestion, Questions } from "./question.ts";

export interface PythonProcessOptions {
  interpreter: string;
  directory: string;
  env: ProcessEnvironment;
  /** How long the interpreter may take until it says hello. */
  startTimeoutMs: number;
  /** What the process prints outside of any call. */
  onOutput?: (stream: "stdout" | "stderr", text: string) => void;
  /** Answers what its code asks. */
  answer?: AnswerQuestion | undefined;
}

export type Answer = Extract<WorkerMessage, { t: "result" }>;
export type Progress = Extract<WorkerMessage, { t: "log" | "metric" | "chunk" | "span" }>;

interface Pending {
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
  onProgress: ((message: Progress) => void) | undefined;
  caller: unknown;
}

/** A failure that a worker reports, before somebody gives it the right code. */
export class WorkerFailure extends Error {
  override readonly name = "WorkerFailure";
  readonly fault: WorkerFault;
  constructor(fault: WorkerFault) {
    super(fault.message);
    this.fault = fault;
  }
}

const TAIL = 2000;
const DRAIN_MS = 1000;
const HAS_GROUPS = process.platform !== "win32";

export class PythonProcess {
  readonly #child: ChildProcess;
  readonly #channel: Duplex;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  readonly #questions: Questions;
  /** Texts that its code reads while they come. */
  readonly feeds: Feeds;
  #nextId = 1;
  #errorTail = "";
  #failure: FlowsteadError | undefined;

  private constructor(child: ChildProcess, options: PythonProcessOptions, onHello: () => void) {
    this.#child = child;
    this.#channel = child.stdio[3] as Duplex;
    this.#questions = new Questions(options.answer, (reply) => this.post({ ...reply }));
    this.feeds = new Feeds((reply) => this.post({ ...reply }));
    const reader = new FrameReader();
    this.#channel.on("data", (chunk: Buffer) => {
      for (const message of reader.push(chunk)) this.#receive(message as unknown as WorkerMessage, onHello);
    });
    this.#channel.on("error", () => undefined); // The exit of the process tells it better.
    child.stdout?.setEncoding("utf8").on("data", (text: string) => options.onOutput?.("stdout", text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errorTail = (this.#errorTail + text).slice(-TAIL);
      options.onOutput?.("stderr", text);
    });
    this.#exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#endGroup();
        // What it wrote last is on its way; a process outside its group may hold the pipes open for ever.
        const drained = setTimeout(() => {
          for (const pipe of child.stdio) pipe?.destroy();
        }, DRAIN_MS);
        child.once("close", () => {
          clearTimeout(drained);
          this.#fail(signal ? `was ended by ${signal}` : `ended with exit code ${code}`);
          resolve();
        });
      });
      child.once("error", (error) => {
        this.#failure = new FlowsteadError(
          "PythonNotFound",
          `Python could not be started as '${options.interpreter}': ${error.message}. Install Python 3.8 or newer, or configure the path of an interpreter.`,
          { cause: error },
        );
        this.#fail("could not be started");
        resolve();
      });
    });
  }

  /** Starts an interpreter and waits until it is ready. @throws FlowsteadError `PythonNotFound`. */
  static async start(options: PythonProcessOptions): Promise<PythonProcess> {
    const child = spawn(options.interpreter, [workerProgram()], {
      cwd: options.directory,
      env: options.env,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      // At the head of a group: what its code starts ends with it.
      detached: HAS_GROUPS,
    });
    let hello = (): void => undefined;
    const ready = new Promise<boolean>((resolve) => (hello = () => resolve(true)));
    const worker = new PythonProcess(child, options, hello);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), options.startTimeoutMs);
    });
    const started = await Promise.race([ready, late, worker.#exited.then(() => false)]);
    clearTimeout(timer);
    if (started) return worker;
    if (worker.#failure?.code === "PythonNotFound") throw worker.#failure;
    const reason = worker.#errorTail.trim() || `it did not answer within ${options.startTimeoutMs / 1000} s`;
    await worker.kill();
    throw new FlowsteadError(
      "PythonNotFound",
      `The interpreter '${options.interpreter}' could not run the flow's Python nodes: ${reason}`,
    );
  }

  get alive(): boolean {
    return this.#failure === undefined;
  }

  /** Calls under way. */
  get inFlight(): number {
    return this.#pending.size;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends a message that is not answered. */
  post(message: Record<string, unknown>): void {
    if (this.alive) this.#channel.write(encodeFrame(message));
  }

  /**
   * Sends a message and waits for its result.
   * @throws WorkerFailure, or FlowsteadError `PythonWorkerCrashed`.
   */
  request(
    message: Record<string, unknown>,
    onProgress?: (message: Progress) => void,
    caller?: unknown,
  ): { id: number; answer: Promise<Answer> } {
    const id = this.#nextId++;
    if (this.#failure) return { id, answer: Promise.reject(this.#failure) };
    const answer = new Promise<Answer>((resolve, reject) =>
      this.#pending.set(id, { resolve, reject, onProgress, caller }),
    );
    this.#channel.write(encodeFrame({ ...message, id }));
    return { id, answer };
  }

  /** Cancels a call and what it has asked. */
  cancel(call: number): void {
    this.post({ t: "cancel", call });
    this.#questions.cancelCall(call);
  }

  /** Ends the process, with those that its code has started, at once and waits for its end; its calls fail. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  #endGroup(): void {
    const { pid } = this.#child;
    if (!HAS_GROUPS || pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It was alone.
    }
  }

  #receive(message: WorkerMessage, onHello: () => void): void {
    if (message.t === "hello") return onHello();
    if (message.t === "unask") return this.#questions.forget(message.ask);
    if (message.t === "pull") return void this.feeds.pull(message.feed);
    if (message.t === "left") return this.feeds.left(message.feed);
    const pending = this.#pending.get(message.id);
    if (message.t === "ask") {
      const { ask, id, kind, value } = message;
      void this.#questions.answer({ ask, id }, { kind, value }, pending?.caller);
      return;
    }
    if (!pending) return;
    if (message.t === "result" || message.t === "error") {
      this.#pending.delete(message.id);
      if (message.t === "result") pending.resolve(message);
      else pending.reject(new WorkerFailure(message));
    } else pending.onProgress?.(message);
  }

  #fail(how: string): void {
    const tail = this.#errorTail.trim();
    this.#failure ??= new FlowsteadError(
      "PythonWorkerCrashed",
      `The Python process that ran this node ${how}.${tail ? ` It last wrote: ${tail}` : ""}`,
      { details: { pid: this.#child.pid } },
    );
    for (const pending of this.#pending.values()) pending.reject(this.#failure);
    this.#pending.clear();
    this.#questions.close();
    this.feeds.close();
    this.#channel.destroy();
  }
}
