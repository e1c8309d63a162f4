// The record of one run in the original's form (`flow.detail.json`), folded from the run's events.

import type { ErrorBody } from "../base/error/error.ts";
import type { Value, ValueMap } from "../base/value.ts";
import { errorChain, originalMessage } from "../flow/error-chain.ts";
import type { FlowEvent, NodeStatus, TokenUsage } from "../flow/event.ts";
import { ApiCalls } from "./api-call.ts";

const STATUS: Record<NodeStatus, string> = {
  completed: "Completed",
  failed: "Failed",
  bypassed: "Bypassed",
  canceled: "Canceled",
};

/** Codes of a run that did not come to its end because somebody or its own code ended it. */
const CANCELED = new Set(["Canceled", "ToolCanceledError"]);

export interface NodeRunRecord {
  node: string;
  status: string;
  error: object | null;
  start_time: string;
  end_time: string;
  logs: { stdout: string; stderr: string };
  [field: string]: unknown;
}

interface NodeRun {
  startTime: number;
  /** What does its work, as the original names it. */
  function: string;
  calls: ApiCalls;
  stdout: string;
  stderr: string;
}

/** Where a run belongs that is one line of a batch run, or its aggregation (which has no index). */
export interface RunPlace {
  rootRunId: string;
  index: number | null;
}

/** Folds events as they come; `detail` is complete after the run's last event. */
export class RunRecord {
  readonly #place: RunPlace | undefined;
  readonly #nodes = new Map<string, NodeRun>();
  #nodeRuns: NodeRunRecord[] = [];
  #metrics: ValueMap = {};
  #runId = "";
  #startTime = 0;
  #inputs: ValueMap = {};
  #flowRun: object = {};
  outputs: ValueMap | undefined;
  /** See the event `flow-end`. */
  bare: boolean | undefined;
  error: ErrorBody | undefined;

  constructor(place?: RunPlace) {
    this.#place = place;
  }

  add(event: FlowEvent): void {
    if (event.type === "flow-start") {
      this.#runId = event.runId;
      this.#startTime = event.time;
      this.#inputs = event.inputs;
    } else if (event.type === "restart") {
      this.#nodes.clear();
      this.#nodeRuns = [];
    } else if (event.type === "node-start")
      this.#nodes.set(event.node, {
        startTime: event.time,
        function: event.function ?? event.tool,
        calls: new ApiCalls(),
        stdout: "",
        stderr: "",
      });
    else if (event.type === "node-log") {
      const run = this.#nodes.get(event.node);
      if (run) run[event.stream] += event.text;
    } else if (event.type === "node-call") this.#nodes.get(event.node)?.calls.add(event);
    else if (event.type === "node-end") this.#nodeRuns.push(this.#nodeRun(event));
    else if (event.type === "metric") this.#metrics[event.name] = event.value;
    else if (event.type === "flow-end") {
      this.outputs = event.outputs;
      this.bare = event.bare;
      this.#flowRun = this.#run("Completed", { time: event.time, usage: event.usage });
    } else if (event.type === "error") {
      this.error = event.error;
      this.#flowRun = this.#run(CANCELED.has(event.error.code) ? "Canceled" : "Failed", { time: event.time });
    }
  }

  get detail(): { flow_runs: object[]; node_runs: NodeRunRecord[] } {
    return { flow_runs: [this.#flowRun], node_runs: this.#nodeRuns };
  }

  get metrics(): Readonly<ValueMap> {
    return this.#metrics;
  }

  get #root(): string {
    return this.#place?.rootRunId ?? this.#runId;
  }

  get #suffix(): string {
    if (!this.#place) return "";
    return this.#place.index === null ? "_reduce" : `_${this.#place.index}`;
  }

  #run(status: string, { time, usage }: { time: number; usage?: TokenUsage }): object {
    return {
      run_id: this.#runId,
      status,
      error: this.error ? errorRecord(this.error) : null,
      inputs: this.#inputs,
      output: this.outputs ?? null,
      metrics: Object.keys(this.#metrics).length > 0 ? this.#metrics : null,
      parent_run_id: this.#root,
      root_run_id: this.#root,
      flow_id: "default_flow_id",
      start_time: iso(this.#startTime),
      end_time: iso(time),
      index: this.#place?.index ?? null,
      name: "",
      description: "",
      tags: null,
      system_metrics: metricsOf(time - this.#startTime, usage),
      result: this.outputs ?? null,
    };
  }

  #nodeRun(event: Extract<FlowEvent, { type: "node-end" }>): NodeRunRecord {
    const { node, status, time, durationMs, inputs = null, usage, error } = event;
    const output: Value = event.output ?? null;
    const run = this.#nodes.get(node);
    const { startTime = time, stdout = "", stderr = "" } = run ?? {};
    const children = run?.calls.all ?? [];
    return {
      node,
      flow_run_id: this.#root,
      run_id: `${this.#root}_${node}${this.#suffix}`,
      status: STATUS[status],
      inputs,
      output,
      metrics: null,
      error: error ? errorRecord(error) : null,
      parent_run_id: this.#runId,
      start_time: iso(startTime),
      end_time: iso(time),
      index: this.#place?.index ?? null,
      ...(run && children.length > 0
        ? {
            api_calls: [
              {
                name: run.function,
                type: "Tool",
                node_name: node,
                start_time: startTime / 1000,
                end_time: time / 1000,
                inputs,
                output,
                error: error ? { message: error.message, type: error.code } : null,
                children,
              },
            ],
          }
        : {}),
      logs: { stdout, stderr },
      system_metrics: metricsOf(durationMs, usage),
      result: output,
    };
  }
}

function metricsOf(durationMs: number, usage?: TokenUsage): object {
  const tokens = usage && {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.totalTokens,
  };
  return { duration: durationMs / 1000, ...tokens };
}

/** An error in the original's form. */
export interface ErrorRecord {
  message: string;
  code: string;
  innerError: object | null;
  additionalInfo: object[];
}

/** The original's error object: the root of the code chain with the rest as inner errors. */
export function errorRecord(error: ErrorBody): ErrorRecord {
  const { code, message: ours } = error;
  const [root = "SystemError", ...inner] = errorChain(error).split("/");
  const innerError = inner.reduceRight<object | null>((within, name) => ({ code: name, innerError: within }), null);
  const message = originalMessage(error);
  const details = message === ours ? error.details : { ...error.details, message: ours };
  const type = DETAIL_TYPES[code] ?? code;
  return { message, code: root, innerError, additionalInfo: details ? [{ type, info: details }] : [] };
}

/** What the original calls the place in code where a fault was raised. */
const DETAIL_TYPES: Readonly<Record<string, string>> = {
  ToolExecutionError: "ToolExecutionErrorDetails",
  ScriptExecutionError: "FlexFlowExecutionErrorDetails",
};

function iso(time: number): string {
  return new Date(time).toISOString();
}
