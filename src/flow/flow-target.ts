// The target that runs a flow in this process.

import { statSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { onAborted } from "../base/abort.ts";
import { FlowsteadError } from "../base/error/error.ts";
import { uuid } from "../base/id.ts";
import type { TraceContext } from "../base/trace-context.ts";
import type { ValueMap } from "../base/value.ts";
import type { ProcessEnvironment } from "../python/interpreter.ts";
import type { PythonPool } from "../python/pool.ts";
import { type AggregationLists, planAggregation } from "./aggregate.ts";
import type { FlowDefinition } from "./definition.ts";
import { EventChannel } from "./event-channel.ts";
import type { FlowEvent } from "./event.ts";
import { planFlex } from "./flex.ts";
import { type FlowPythonOptions, createPython, flowEnvironment, withInterpreter } from "./flow-python.ts";
import { loadImages } from "./image.ts";
import { type MergedFlow, mergeIncludes } from "./include.ts";
import { resolveInputs } from "./input.ts";
import { loadFlow } from "./load.ts";
import { isolateNode, resolveNodeInputs } from "./node/run.ts";
import { type FlowPlan, planFlow } from "./plan.ts";
import type { FlowResources } from "./resource.ts";
import { type RunningFlow, runFlow } from "./run.ts";
import { flowSignature } from "./signature.ts";
import type { FlowCall, FlowSignature, Target } from "./target.ts";
import type { NodeTool } from "./tool.ts";
import { applyVariants, checkVariants } from "./variant.ts";

export interface OpenFlowOptions {
  /** The flow's folder, or the path of its YAML file. */
  directory: string;
  /** A definition in place of the folder's own flow.dag.yaml. */
  definition?: FlowDefinition;
  tools: readonly NodeTool[];
  resources: FlowResources;
  /** Takes the place of a node's default variant. */
  variant?: { node: string; variant: string };
  /** Nodes of one run at a time. Default 16. */
  concurrency?: number;
  /** Limit for one run; none by default. */
  timeoutMs?: number;
  /** Whether aggregation nodes run after each call, with lists of one; off for serving. Default false. */
  aggregate?: boolean;
  /** Whether outputs may come as `text-delta`. Default true. */
  streaming?: boolean;
  /** Runs this node alone; its value is the output `output`. */
  node?: { name: string; outputs: ValueMap };
  /** Values for the constructor of a flex flow's class, over those of its file; for a prompty, what its head says instead. */
  init?: ValueMap;
  /**
   * Whether the flow is made ready as the original's commands do it: additional_includes merged in, variants checked, its
   * environment variables set. Without it only the folder's own files count, as for its executor. Default true.
   */
  includes?: boolean;
  /** Whether it is served: then what only a flex flow's code declares is not converted, as at the original's server. Default false. */
  serving?: boolean;
  python?: FlowPythonOptions;
}

export interface FlowTarget extends Target {
  readonly plan: FlowPlan;
  readonly signature: FlowSignature;
  /** Where its files are while it is open: its folder, or the merged copy. */
  readonly directory: string;
  /**
   * Runs the aggregation nodes over the lists; as `invoke` in everything else. Its run has no outputs.
   * @throws FlowsteadError `InvalidAggregationInput`, before anything runs.
   */
  aggregate(call: { runId: string; lists: AggregationLists }, signal: AbortSignal): AsyncIterable<FlowEvent>;
}

/** What is run of a plan, and how its inputs are made. */
interface Phase {
  plan: FlowPlan;
  inputs: ValueMap;
  resolve(inputs: ValueMap): ValueMap | Promise<ValueMap>;
}

/**
 * Loads a flow with all its tools.
 * @throws FlowsteadError for anything wrong in its files; a flow with Python nodes needs a Python.
 */
export async function openFlow(options: OpenFlowOptions): Promise<FlowTarget> {
  const loaded = options.definition
    ? { directory: options.directory, definition: options.definition }
    : loadFlow(options.directory, options.init);
  const { includes = true } = options;
  const nodes = applyVariants(loaded.definition, options.variant);
  if (includes) checkVariants(loaded.definition, nodes);
  const { node } = options;
  const definition = node ? isolateNode(loaded.definition, nodes, node.name) : loaded.definition;
  const merged = includes && definition.additionalIncludes.length > 0 ? merge(loaded.directory, definition) : undefined;
  const directory = merged?.directory ?? loaded.directory;
  let python: PythonPool | undefined;
  try {
    const code = codeFolder(definition, directory);
    const env = await flowEnvironment(includes ? definition.environmentVariables : {}, options);
    const pool = (python = createPython(code, env, withInterpreter(options, loaded.directory)));
    const { resources, streaming = true, serving = false } = options;
    const init = orSample(options.init, definition.sample?.init);
    const plan = definition.flex
      ? await planFlex(definition, definition.flex, {
          python: pool,
          resources,
          streaming,
          init,
          typed: includes && !serving,
        })
      : await planFlow(definition, node ? definition.nodes : nodes, {
          tools: options.tools,
          context: {
            directory,
            resources,
            messageFormat: definition.messageFormat,
            env,
            python: () => pool,
            ...(options.init ? { init: options.init } : {}),
          },
          streaming,
          ...(node ? { given: nodes } : {}),
        });
    plan.warnings.unshift(...(merged?.warnings ?? []));
    return new InProcessFlow(plan, pool, { ...options, directory, env }, () => merged?.remove());
  } catch (thrown) {
    await python?.close();
    merged?.remove();
    throw thrown;
  }
}

/** Where Python code is imported and runs. */
function codeFolder({ flex, file }: FlowDefinition, directory: string): string {
  if (flex?.code === undefined) return directory;
  const folder = path.resolve(directory, flex.code);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  const text = `${file}: there is no folder ${folder}, which "code: ${flex.code}" names. Name the folder of ${flex.entry}, seen from the file.`;
  throw new FlowsteadError("FlowDefinitionError", text, { details: { file } });
}

/** What is given, or the flow's sample where nothing is. */
function orSample(given: ValueMap = {}, sample: ValueMap = {}): ValueMap {
  return Object.keys(given).length > 0 ? given : sample;
}

function traceOf({ traceparent, tracestate, baggage }: FlowCall): TraceContext | undefined {
  if (traceparent === undefined) return undefined;
  return { traceparent, ...(tracestate ? { tracestate } : {}), ...(baggage ? { baggage } : {}) };
}

function merge(directory: string, { additionalIncludes, file }: FlowDefinition): MergedFlow {
  return mergeIncludes(directory, additionalIncludes, file);
}

/** How long a flow that is closed waits for the code of nodes that nobody waits for. */
const LEFT_MS = 10_000;

class InProcessFlow implements FlowTarget {
  readonly plan: FlowPlan;
  readonly signature: FlowSignature;
  readonly directory: string;
  readonly #python: PythonPool;
  readonly #options: OpenFlowOptions & { env: ProcessEnvironment };
  readonly #release: () => void;
  readonly #runs = new Set<Promise<void>>();
  /** Runs that have ended and have nodes that have not. */
  readonly #left = new Set<Promise<void>>();
  #closed = false;

  /** @param release frees what the flow holds besides its processes */
  constructor(
    plan: FlowPlan,
    python: PythonPool,
    options: OpenFlowOptions & { env: ProcessEnvironment },
    release: () => void,
  ) {
    this.plan = plan;
    this.signature = flowSignature(plan);
    this.#python = python;
    this.directory = options.directory;
    this.#options = options;
    this.#release = release;
  }

  describe(): Promise<FlowSignature> {
    return Promise.resolve(this.signature);
  }

  invoke(call: FlowCall, signal: AbortSignal): AsyncIterable<FlowEvent> {
    const { inputs, line } = call;
    const phase = { plan: this.plan, inputs, resolve: (given: ValueMap) => this.#resolve(given, line, signal) };
    return { [Symbol.asyncIterator]: () => this.#start(call, phase, signal) };
  }

  aggregate(
    { runId, lists }: { runId: string; lists: AggregationLists },
    signal: AbortSignal,
  ): AsyncIterable<FlowEvent> {
    const { plan, inputs } = planAggregation(this.plan, lists);
    const phase = { plan, inputs, resolve: () => inputs };
    return { [Symbol.asyncIterator]: () => this.#start({ runId, inputs, settle: true }, phase, signal) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#runs);
    await Promise.race([Promise.all(this.#left), delay(LEFT_MS, undefined, { ref: false })]);
    await this.#python.close();
    for (const { prepared } of [...this.plan.nodes, ...this.plan.aggregations]) await prepared.close?.();
    this.#release();
  }

  #start(call: FlowCall, phase: Phase, signal: AbortSignal): AsyncIterator<FlowEvent> {
    let running: RunningFlow | undefined;
    const cancel = (): void => running?.cancel();
    // Calls of one connection share its signal.
    const deafen = onAborted(signal, cancel);
    const channel = new EventChannel(cancel);
    running = this.#run(call, phase, channel, signal.aborted);
    const run = running.done.then(() => {
      deafen();
      channel.end();
      this.#runs.delete(run);
      const idle = running?.idle();
      if (!idle) return;
      this.#left.add(idle);
      void idle.then(() => this.#left.delete(idle));
    });
    this.#runs.add(run);
    return channel;
  }

  #run(call: FlowCall, phase: Phase, channel: EventChannel, canceled: boolean): RunningFlow {
    const runId = call.runId ?? uuid();
    const { plan, inputs, resolve } = phase;
    if (this.#closed) {
      const error = new FlowsteadError("ShuttingDown", "The flow is being closed and takes no more calls.").toBody();
      const outputs = { plain: [], streamed: [] };
      channel.push({ type: "flow-start", runId, flow: this.plan.name, time: Date.now(), inputs, outputs });
      channel.push({ type: "error", time: Date.now(), error });
      return { done: Promise.resolve(), idle: () => undefined, cancel: () => {} };
    }
    const { concurrency = 16, timeoutMs, aggregate = false } = this.#options;
    return runFlow(plan, {
      canceled,
      runId,
      inputs,
      python: this.#python,
      concurrency,
      timeoutMs,
      aggregate,
      line: call.line,
      brief: call.brief ?? false,
      quiet: call.quiet ?? false,
      whole: call.whole ?? false,
      unannounced: call.unannounced ?? false,
      settle: call.settle ?? false,
      principal: call.principal,
      trace: traceOf(call),
      resolve,
      given: this.#options.node?.outputs,
      emit: (event) => channel.push(event),
      behind: () => channel.behind(),
    });
  }

  #resolve(given: ValueMap, line: number | undefined, signal: AbortSignal): ValueMap | Promise<ValueMap> {
    const { definition } = this.plan;
    const { node, directory, env } = this.#options;
    // As in the original: only graphs of nodes name the line of the data.
    const isPrompty = definition.file.endsWith(".prompty");
    const index = definition.flex || isPrompty ? undefined : line;
    const inputs = node
      ? resolveNodeInputs(definition, node.name, given)
      : resolveInputs(this.plan.inputs, orSample(given, definition.sample?.inputs), index, this.plan.optionalInputs);
    // A prompty reads its images itself, and only those that are written as one text.
    if (isPrompty) return inputs;
    return loadImages(this.plan.inputs, inputs, { directory, format: definition.messageFormat, env, signal });
  }
}
