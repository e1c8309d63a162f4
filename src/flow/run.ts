// One run of a flow, from its inputs to its one terminal event.

import { setMaxListeners } from "node:events";
import { abortable, throwIfAborted } from "../base/abort.ts";
import { FlowsteadError } from "../base/error/error.ts";
import { uuid } from "../base/id.ts";
import { type TraceContext, childContext, newSpanId } from "../base/trace-context.ts";
import { type ValueMap, isMap } from "../base/value.ts";
import type { Caller } from "../model/chat-model.ts";
import type { PieceFacts } from "../python/message.ts";
import type { PythonPool } from "../python/pool.ts";
import type { PythonSession } from "../python/session.ts";
import type { FlowEvent, TokenUsage } from "./event.ts";
import { NodeContext } from "./node/context.ts";
import { Feeding, Feedings, isFeeding } from "./node/feeding.ts";
import { NO_USAGE, sumOf } from "./usage.ts";
import { type RunningNode, failedOrCanceled, nodeEnd, nodeStart } from "./node/event.ts";
import { type NodeInput, type NodeValue, plainInputs, plainValue } from "./node/value.ts";
import { OutputCollector, outputNames } from "./output.ts";
import type { FlowPlan, PlannedNode } from "./plan.ts";
import { type Progress, nodeInputs } from "./resolve.ts";
import { runNodes } from "./schedule.ts";

export interface RunOptions {
  runId: string;
  inputs: ValueMap;
  python: PythonPool;
  /** Nodes at a time. */
  concurrency: number;
  /** Limit for the whole run. */
  timeoutMs?: number | undefined;
  /** Whether aggregation nodes run after the others, with lists of one. */
  aggregate: boolean;
  /** Index in a data file, for messages. */
  line?: number | undefined;
  /** Makes the flow's inputs of the call's. @throws FlowsteadError */
  resolve(inputs: ValueMap): ValueMap | Promise<ValueMap>;
  /** Leaves inputs and outputs of nodes out of the events. */
  brief: boolean;
  /** See `FlowCall.quiet`. */
  quiet: boolean;
  /** Nobody waits for it any more: it ends as soon as it has begun. */
  canceled: boolean;
  /** No node streams. */
  whole: boolean;
  /** See `FlowCall.unannounced`. */
  unannounced: boolean;
  /** See `FlowCall.settle`. */
  settle: boolean;
  /** See `FlowCall.principal`. */
  principal?: string | undefined;
  /** The caller's trace: nodes and their calls get ids in it. */
  trace?: TraceContext | undefined;
  /** Values of nodes that are not run, when a node is run alone. */
  given?: ValueMap | undefined;
  emit(event: FlowEvent): void;
  /** A promise while the reader is behind: a streaming node waits for it before its next piece. */
  behind(): Promise<void> | undefined;
}

export interface RunningFlow {
  /** Never rejects: the last event says how the run ended. */
  done: Promise<void>;
  /** Resolves when no node runs any more: code beside a node that failed goes on to its end. Undefined when none does. */
  idle(): Promise<void> | undefined;
  cancel(): void;
}

/** Runs the flow once. */
export function runFlow(plan: FlowPlan, options: RunOptions): RunningFlow {
  const run = new LineRun(plan, options);
  const cancel = (): void => run.stop(new FlowsteadError("Canceled", "The work was canceled."));
  if (options.canceled) cancel();
  return { done: run.execute(), idle: () => run.idle(), cancel };
}

/** Why a run's signal is aborted. One for all: an error made for each would cost more than the run's own work. */
const ENDED = new FlowsteadError("Canceled", "The run has ended.");

class LineRun {
  readonly #plan: FlowPlan;
  readonly #options: RunOptions;
  readonly #abort = new AbortController();
  readonly #running = new Map<string, RunningNode>();
  /** Made when it is needed, which is seldom. */
  #feedings: Feedings | undefined;
  #usage = NO_USAGE;
  readonly #caller: Caller | undefined;
  #python: PythonSession | undefined;
  readonly #progress: Progress = { inputs: {}, values: new Map(), bypassed: new Set() };
  #stopReason: FlowsteadError | undefined;
  #ended = false;
  /** Nodes whose work has not ended, also after the run has. */
  #working = 0;
  #onIdle: (() => void) | undefined;
  #onCodeEnded: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Ends the phase that runs. */
  #giveUp: ((reason: unknown) => void) | undefined;

  constructor(plan: FlowPlan, options: RunOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#caller = options.principal === undefined ? undefined : { principal: options.principal };
    // Every node that runs listens, and so do its calls; Node takes more than ten for a leak and warns.
    if (plan.nodes.length > 3) setMaxListeners(0, this.#abort.signal);
    for (const [node, value] of Object.entries(options.given ?? {})) this.#progress.values.set(node, value);
  }

  /** Ends the run with an error as soon as it can be; running nodes are canceled. */
  stop(reason: FlowsteadError): void {
    this.#stopReason ??= reason;
    this.#abort.abort(ENDED);
    this.#giveUp?.(ENDED);
  }

  async execute(): Promise<void> {
    const began = performance.now();
    const { timeoutMs, line = 0 } = this.#options;
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => {
        const message = `Line ${line} execution timeout for exceeding ${timeoutMs / 1000} seconds`;
        this.stop(new FlowsteadError("LineExecutionTimeoutError", message));
      }, timeoutMs);
    }
    try {
      const outputs = await this.#run();
      const durationMs = performance.now() - began;
      this.#emit({ type: "flow-end", time: Date.now(), durationMs, outputs, usage: this.#usage, ...this.#bareness() });
    } catch (thrown) {
      const error = this.#stopReason ?? FlowsteadError.from(thrown);
      if (this.#options.settle && !this.#stopReason) await this.#codeEnds();
      // Only a run that failed has nodes that still run. Code goes on to its end, as in the original: it may be in the
      // middle of something. A model's answer is of use to nobody.
      const goesOn = !this.#stopReason && this.#isCodeRunning();
      this.#cancelRunning();
      this.#emit({ type: "error", time: Date.now(), error: error.toBody() });
      this.#ended = true;
      if (!goesOn) this.#abort.abort(ENDED);
    } finally {
      this.#ended = true;
      if (this.#working === 0) this.#release();
    }
  }

  #isCodeRunning(): boolean {
    return [...this.#running.values()].some(({ node }) => node.kind !== "llm");
  }

  /** Waits for the code that runs, unless the run is stopped. */
  async #codeEnds(): Promise<void> {
    const ended = new Promise<void>((resolve) => (this.#onCodeEnded = resolve));
    if (this.#isCodeRunning()) await abortable(ended, this.#abort.signal).catch(() => undefined);
  }

  idle(): Promise<void> | undefined {
    return this.#working === 0 ? undefined : new Promise((resolve) => (this.#onIdle = resolve));
  }

  #release(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#python?.end();
    this.#onIdle?.();
  }

  async #run(): Promise<ValueMap> {
    const { inputs, resolve } = this.#options;
    try {
      const resolved = resolve(inputs);
      this.#progress.inputs = resolved instanceof Promise ? await abortable(resolved, this.#abort.signal) : resolved;
    } catch (thrown) {
      this.#start(inputs);
      throw thrown;
    }
    this.#start(this.#progress.inputs);
    for (const message of this.#plan.warnings) this.#emit({ type: "warning", message });
    const { quiet, whole } = this.#options;
    const outputs = new OutputCollector(this.#plan, this.#progress, (event) => {
      if (event.type !== "output" || !quiet || !whole) this.#emit(event);
    });
    outputs.begin();
    await this.#phase(this.#plan.nodes, outputs);
    const values = outputs.finish();
    if (this.#options.aggregate) {
      // Its one line has ended: an aggregation takes what was bypassed as null, and runs.
      this.#progress.bypassed.clear();
      await this.#phase(this.#plan.aggregations, outputs);
    }
    return values;
  }

  /** What a function or prompty gave shows only now. */
  #bareness(): { bare?: boolean } {
    const { spread } = this.#plan;
    if (spread === undefined) return {};
    return { bare: !isMap(plainValue(this.#progress.values.get(spread) ?? null)) };
  }

  #start(inputs: ValueMap): void {
    this.#emit({
      type: "flow-start",
      runId: this.#options.runId,
      flow: this.#plan.name,
      time: Date.now(),
      inputs,
      outputs: outputNames(this.#plan),
    });
  }

  async #phase(nodes: PlannedNode[], outputs: OutputCollector): Promise<void> {
    throwIfAborted(this.#abort.signal);
    const { done, giveUp } = runNodes({
      nodes,
      progress: this.#progress,
      concurrency: this.#options.concurrency,
      signal: this.#abort.signal,
      run: (node) => this.#runNode(node, outputs),
      onBypass: (node) => {
        if (this.#options.quiet) return;
        this.#emit({ type: "node-end", node: node.name, status: "bypassed", time: Date.now(), durationMs: 0 });
      },
      // Its outputs are told when its text is whole; those that wait for it begin.
      onSettled: ({ name }) => (this.#feedings?.isOpen(name) ? undefined : outputs.settled(name)),
    });
    // Nodes that are slow to stop are not waited for.
    this.#giveUp = giveUp;
    await done;
    const feedings = this.#feedings;
    if (!feedings) return;
    feedings.leave();
    const texts = await abortable(feedings.ends(), this.#abort.signal);
    for (const [name, text] of texts) this.#progress.values.set(name, text);
  }

  #runNode(node: PlannedNode, outputs: OutputCollector): Promise<void> | undefined {
    const { aggregation } = node.definition;
    const resolved = nodeInputs(node, this.#progress, {
      perLine: aggregation ? this.#plan.perLine : undefined,
      warn: (message) => this.#emit({ type: "warning", message }),
    });
    if (resolved instanceof Promise) return resolved.then((inputs) => this.#callNode(node, inputs, outputs));
    return this.#callNode(node, resolved, outputs);
  }

  #callNode(node: PlannedNode, inputs: Record<string, NodeInput>, outputs: OutputCollector): Promise<void> | undefined {
    const { brief, whole, quiet, trace } = this.#options;
    const running = { node, began: quiet ? 0 : performance.now(), inputs: brief ? undefined : plainInputs(inputs) };
    this.#running.set(node.name, running);
    const span = trace && newSpanId();
    if (!quiet) this.#emit(nodeStart(node, span));
    const feeding = isFeeding(node, inputs) ? new Feeding(node, this.#abort.signal) : undefined;
    const call = new NodeContext({
      node,
      inputs,
      stream: feeding !== undefined || (node.streams && !whole),
      signal: feeding?.signal ?? this.#abort.signal,
      trace: trace && span !== undefined ? childContext(trace, span) : undefined,
      brief,
      quiet,
      emit: (event) => this.#emit(event),
      caller: this.#caller,
      session: () => (this.#python ??= this.#options.python.session(uuid(), this.#caller?.principal)),
      text: (text, piece) => {
        const caughtUp = this.#text(node, outputs, { text, ...piece });
        return feeding ? bothOf(feeding.push(text), caughtUp) : caughtUp;
      },
    });
    this.#working++;
    let value: NodeValue | Promise<NodeValue>;
    try {
      value = node.prepared.run(call);
    } catch (thrown) {
      this.#nodeFailed(running, call, thrown);
      throw thrown;
    }
    if (!(value instanceof Promise)) return this.#nodeCompleted(running, call, value);
    if (feeding) return this.#feed(feeding, value, { running, call, outputs });
    return value.then(
      (settled) => this.#nodeCompleted(running, call, settled),
      (thrown: unknown) => {
        this.#nodeFailed(running, call, thrown);
        throw thrown;
      },
    );
  }

  #feed(
    feeding: Feeding,
    value: Promise<NodeValue>,
    { running, call, outputs }: { running: RunningNode; call: NodeContext; outputs: OutputCollector },
  ): Promise<void> {
    const { node, feed } = feeding;
    const handOver = (): void => void this.#progress.values.set(node.name, feed);
    (this.#feedings ??= new Feedings()).add(feeding);
    const begun = feeding.begin(value, {
      completed: () => {
        this.#nodeCompleted(running, call, feed.text);
        handOver();
      },
      failed: (thrown, isFatal) => {
        this.#nodeFailed(running, call, thrown);
        if (isFatal) this.#giveUp?.(thrown);
      },
      settled: () => outputs.settled(node.name),
    });
    return begun.then(handOver);
  }

  #nodeCompleted(running: RunningNode, call: NodeContext, value: NodeValue): undefined {
    const { name } = running.node;
    if (!this.#ended && this.#running.delete(name)) {
      const { brief, quiet } = this.#options;
      this.#progress.values.set(name, value);
      this.#count(call.used);
      const output = brief ? undefined : plainValue(value);
      if (!quiet) this.#emit(nodeEnd(running, { status: "completed", output, usage: call.used, cutShort: call.cut }));
    }
    this.#stopped();
  }

  #nodeFailed(running: RunningNode, call: NodeContext, thrown: unknown): void {
    if (this.#running.delete(running.node.name)) {
      const error = this.#abort.signal.aborted ? undefined : FlowsteadError.from(thrown).toBody();
      this.#count(call.used);
      if (!this.#options.quiet)
        this.#emit(nodeEnd(running, { status: failedOrCanceled(error), usage: call.used, error }));
    }
    this.#stopped();
  }

  /** A node's work has ended. */
  #stopped(): void {
    if (--this.#working === 0 && this.#ended) this.#release();
    // Where code goes on after a failure, no more is read than it reads.
    else if (this.#ended && this.#working === this.#feedings?.open) this.#feedings.leave();
    if (this.#onCodeEnded && !this.#isCodeRunning()) this.#onCodeEnded();
  }

  #text(node: PlannedNode, outputs: OutputCollector, piece: { text: string } & PieceFacts): Promise<void> | undefined {
    if (this.#options.whole || this.#ended) return undefined;
    const { text, field = "", json } = piece;
    // An empty piece says only that there is a stream, which is known of a node that is asked to stream.
    if (node.streams && field === "") {
      if (text === "") return undefined;
      outputs.text(node.name, text, json);
    } else if (this.#options.unannounced) outputs.unannounced(node.name, field, piece);
    else return undefined;
    return this.#options.behind();
  }

  #cancelRunning(): void {
    if (!this.#options.quiet)
      for (const running of this.#running.values()) this.#emit(nodeEnd(running, { status: "canceled" }));
    this.#running.clear();
  }

  #count(usage: TokenUsage | undefined): void {
    if (usage) this.#usage = sumOf(this.#usage, usage);
  }

  #emit(event: FlowEvent): void {
    if (!this.#ended) this.#options.emit(event);
  }
}

/** Waits for both, where there is something to wait for. */
function bothOf(one: Promise<void> | undefined, other: Promise<void> | undefined): Promise<void> | undefined {
  return one && other ? Promise.all([one, other]).then(() => undefined) : (one ?? other);
}
