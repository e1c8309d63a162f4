// The Python processes of one flow. Sessions (one per run) stick to a process, so that objects can pass between nodes.

import { existsSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import type { Value, ValueMap } from "../base/value.ts";
import { DEFAULT_PYTHON, choosePython, type ProcessEnvironment, workerEnvironment } from "./interpreter.ts";
import {
  ENTRY_SIGNATURE,
  type EntrySignature,
  PACKAGE_SIGNATURE,
  type PackageSignature,
  type PythonSignature,
  SIGNATURE,
} from "./message.ts";
import { PythonProcess, WorkerFailure } from "./process.ts";
import type { AnswerQuestion } from "./question.ts";
import { type PythonSession, RunSession } from "./session.ts";
import { Worker } from "./worker.ts";

export interface PythonPoolOptions {
  /** The flow's folder: working directory, and first on `sys.path`. */
  directory: string;
  /** Path or name of an interpreter; see `choosePython` for the default. */
  interpreter?: string;
  /** Variables of the processes; nothing else of this process's environment reaches them. */
  env?: ProcessEnvironment;
  /** Upper limit of processes; more than one is started only when the others are busy. Default 2. */
  maxWorkers?: number;
  /**
   * Whether a run has its process alone as long as the limit allows, so that one that hangs or crashes takes no other with
   * it; it then waits for a process. Otherwise runs share a process while another starts.
   */
  alone?: boolean;
  startTimeoutMs?: number;
  /** How long a canceled call may go on before its process is replaced. Default 2000. */
  cancelGraceMs?: number;
  /** What processes print outside of any call. */
  onOutput?: (stream: "stdout" | "stderr", text: string) => void;
  /** Answers what the code asks of the engine; without it such code gets an error. */
  answer?: AnswerQuestion | undefined;
}

export interface PythonPool {
  /**
   * Imports a file of the flow and returns the signature of its tool.
   * @throws FlowsteadError `PythonLoadError`, `NoToolDefined`, `MultipleToolsDefined`, `PythonNotFound` ...
   */
  load(file: string): Promise<PythonSignature>;
  /**
   * Imports the entry of a flex flow, `module:name`; a class is made once in each process, with the init values. `connections`
   * are the fields of those that model configurations among the values name, by the value's name.
   * @throws FlowsteadError `PythonLoadError`, `FlowEntryInitializationError`, `InvalidAggregationFunction`.
   */
  loadEntry(entry: string, init: ValueMap, connections?: ValueMap): Promise<EntrySignature>;
  /**
   * Finds a tool of an installed package by its id. `wanted` are the ids that the flow names: others are not looked at.
   * Its calls name `packageFile(id)` as their file.
   * @throws FlowsteadError `PackageToolNotFoundError`, whose message is the ids that there are; `ToolLoadError`.
   */
  loadPackage(id: string, wanted: readonly string[]): Promise<PackageSignature>;
  /**
   * What an editor is told about the tool of a file: its inputs and what its decorator says.
   * @throws FlowsteadError as `load`, and `ToolValidationError`.
   */
  meta(file: string): Promise<ValueMap>;
  /** A session for one run; code that asks the model gateway shows it `principal`. */
  session(run: string, principal?: string): PythonSession;
  /** Ends all processes and waits for their end. */
  close(): Promise<void>;
}

export function createPythonPool(options: PythonPoolOptions): PythonPool {
  return new Pool(options);
}

const START_TIMEOUT_MS = 60_000;
const CANCEL_GRACE_MS = 2000;

class Pool implements PythonPool {
  readonly #options: PythonPoolOptions;
  readonly #loads: LoadRequest[] = [];
  readonly #workers = new Set<Worker>();
  /** Runs that wait for a process. */
  readonly #waiting: (() => void)[] = [];
  #starting: Promise<Worker> | undefined;
  #closed = false;

  constructor(options: PythonPoolOptions) {
    this.#options = options;
  }

  async load(file: string): Promise<PythonSignature> {
    return SIGNATURE.parse(await this.#load({ file }));
  }

  async loadEntry(entry: string, init: ValueMap, connections: ValueMap = {}): Promise<EntrySignature> {
    return ENTRY_SIGNATURE.parse(await this.#load({ file: entry, entry: init, connections }));
  }

  async loadPackage(id: string, wanted: readonly string[]): Promise<PackageSignature> {
    return PACKAGE_SIGNATURE.parse(await this.#load({ file: packageFile(id), wanted }));
  }

  async meta(file: string): Promise<ValueMap> {
    const worker = await this.#pick(0);
    try {
      const { value } = await worker.process.request({ t: "meta", directory: this.#options.directory, file }).answer;
      return value as ValueMap;
    } catch (thrown) {
      throw loadError(thrown, file, this.#options);
    }
  }

  async #load(what: LoadRequest): Promise<Value> {
    const worker = await this.#pick(0);
    const message = { t: "load", directory: this.#options.directory, ...what };
    try {
      const { value } = await worker.process.request(message).answer;
      if (!this.#loads.some(({ file }) => file === what.file)) this.#loads.push(what);
      const others = [...this.#workers].filter((other) => other !== worker);
      await Promise.all(others.map((other) => other.process.request(message).answer));
      return value;
    } catch (thrown) {
      throw loadError(thrown, what.file, this.#options);
    }
  }

  session(run: string, principal?: string): PythonSession {
    return new RunSession({ run, principal }, () => this.#pick(1));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#starting?.catch(() => undefined);
    await Promise.all([...this.#workers].map((worker) => worker.process.kill()));
    this.#workers.clear();
  }

  /**
   * The process with the fewest runs, which has `runs` more from now on. One in which a canceled call goes on is left to
   * itself, since it may have to be killed: a new one or that one takes the run, whichever is ready first.
   */
  async #pick(runs: number): Promise<Worker> {
    const isAlone = this.#options.alone === true && runs > 0;
    for (let failed = false; ;) {
      const { best, isFull } = this.#look();
      const isFree = best && !best.suspect && (best.runs === 0 || isFull || !isAlone);
      if (best && (isFree || failed)) {
        if (!isAlone && best.runs > 0 && !isFull) {
          this.#start().catch(() => undefined); // For the runs to come; when it fails, the next one tries again.
        }
        best.runs += runs;
        return best;
      }
      const started = this.#start();
      if (!best) {
        const fresh = await started;
        if (fresh.usable) continue;
        return fresh; // It has ended already: its calls say so.
      }
      const freed = new Promise<void>((resolve) => this.#waiting.push(resolve));
      await Promise.race([freed, started.catch(() => (failed = true))]);
    }
  }

  /** The process to take first, and whether there are as many as there may be; those that may hang do not count. */
  #look(): { best: Worker | undefined; isFull: boolean } {
    if (this.#closed) throw new FlowsteadError("ShuttingDown", "The flow is being closed.");
    let best: Worker | undefined;
    let sound = 0;
    for (const worker of this.#workers) {
      if (!worker.alive) this.#workers.delete(worker);
      if (!worker.usable) continue;
      if (!worker.suspect) sound++;
      if (!best || rank(worker) < rank(best)) best = worker;
    }
    return { best, isFull: sound >= (this.#options.maxWorkers ?? 2) };
  }

  #start(): Promise<Worker> {
    this.#starting ??= this.#startWorker().finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  async #startWorker(): Promise<Worker> {
    const { directory, interpreter, env = {}, onOutput, answer } = this.#options;
    const process = await PythonProcess.start({
      interpreter: choosePython(directory, interpreter),
      directory,
      env: workerEnvironment(directory, env),
      startTimeoutMs: this.#options.startTimeoutMs ?? START_TIMEOUT_MS,
      onOutput,
      answer,
    });
    try {
      for (const what of this.#loads) await process.request({ t: "load", directory, ...what }).answer;
    } catch (thrown) {
      await process.kill();
      throw thrown;
    }
    const worker = new Worker(process, {
      graceMs: this.#options.cancelGraceMs ?? CANCEL_GRACE_MS,
      onFree: () => this.#waiting.splice(0).forEach((look) => look()),
    });
    if (this.#closed) await process.kill();
    this.#workers.add(worker);
    return worker;
  }
}

/** Fewer runs are better, and any number of them is better than a call that may hang. */
function rank({ runs, suspect }: Worker): number {
  return suspect ? runs + 1e6 : runs;
}

interface LoadRequest {
  file: string;
  entry?: ValueMap;
  connections?: ValueMap;
  wanted?: readonly string[];
}

/** What calls name as their file when the tool is one of an installed package. */
export function packageFile(id: string): string {
  return `package:${id}`;
}

const LOAD_CODES = [
  "PythonLoadError",
  "PythonLoaderNotFound",
  "NoToolDefined",
  "MultipleToolsDefined",
  "FlowEntryInitializationError",
  "InvalidAggregationFunction",
  "PackageToolNotFoundError",
  "ToolLoadError",
  "AttributeError",
  "ToolValidationError",
  "BadFunctionInterface",
] as const;

function loadError(thrown: unknown, file: string, options: PythonPoolOptions): unknown {
  if (!(thrown instanceof WorkerFailure)) return thrown;
  const { code, message, class: type, missing, traceback, filename, lineno } = thrown.fault;
  const known = LOAD_CODES.find((candidate) => candidate === code);
  const remedy =
    missing === undefined
      ? {}
      : {
          remedy: isOwn(missing, file)
            ? `There is no ${missing}.py in ${options.directory}.`
            : installAdvice(missing, options),
        };
  const place = traceback === undefined ? {} : { traceback, filename, lineno };
  if (known) return new FlowsteadError(known, message, { details: { file, ...place, ...remedy } });
  const name = file.replace(/.*\//, "").replace(/\.py$/, "");
  return new FlowsteadError("BadFunctionInterface", `Parse interface for tool '${name}' failed: (${type}) ${message}`);
}

/** Whether what is missing is the module that an entry `module:function` names, and no package. */
function isOwn(missing: string, file: string): boolean {
  return file.split(":").length === 2 && file.split(/[.:]/)[0] === missing;
}

/** How to get a package that the flow imports and its interpreter does not have. */
function installAdvice(missing: string, { directory, interpreter }: PythonPoolOptions): string {
  const python = choosePython(directory, interpreter);
  const file = path.join(directory, "requirements.txt");
  const what = existsSync(file) ? `-r ${file}` : missing;
  const install = `The package '${missing}' is not installed for ${python}. Run: ${python} -m pip install ${what}`;
  // Where another is named, by the flow or the configuration, it is that one which has to have the package.
  return python !== DEFAULT_PYTHON
    ? install
    : `${install}; or give the flow its own Python: flowstead flow venv --flow ${directory}`;
}
