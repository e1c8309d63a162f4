// The record of one run in the original's form (`flow.detail.json`), folded from the run's events.

import type { ErrorBody } from "../base/error/error.ts";
import type { Value, ValueMap } from "../base/value.ts";
import type { FlowEvent, NodeStatus, TokenUsage } from "../flow/event.ts";
import { NO_USAGE, sumOf } from "../flow/usage.ts";
import type { MessageFormat } from "../flow/image.ts";
import { type ApiCall, ApiCalls, type TokenCounts, callRecord, tokenCounts } from "./api-call.ts";
import { type ErrorRecord, errorRecord } from "./error-record.ts";

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
  run_id: string;
  status: string;
  output: Value;
  error: ErrorRecord | null;
  start_time: string;
  end_time: string;
  /** A node that was bypassed has none. */
  logs: { stdout: string; stderr: string } | null;
  system_metrics: SystemMetrics | null;
  result: Value;
  [field: string]: unknown;
}

export interface FlowRunRecord {
  status: string;
  output: ValueMap | null;
  start_time: string;
  end_time: string;
  result: Value;
  [field: string]: unknown;
}

/** Token counts are there where a model was asked. */
type SystemMetrics = { duration: number } & Partial<TokenCounts>;

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
  messageFormat: MessageFormat;
}

/** Of a run that stands alone, which is the first line of itself, as in the original. */
export interface LoneRun {
  messageFormat: MessageFormat;
  /** Nodes that aggregate: they belong to the whole run. */
  aggregations: ReadonlySet<string>;
}

/** Folds events as they come; `detail` is complete after the run's last event. */
export class RunRecord {
  readonly #place: RunPlace | LoneRun;
  readonly #nodes = new Map<string, NodeRun>();
  #nodeRuns: NodeRunRecord[] = [];
  #metrics: ValueMap = {};
  #runId = "";
  #startTime = 0;
  #inputs: ValueMap = {};
  #flowRun: FlowRunRecord | undefined;
  /** Of the nodes that have ended: a run that failed has spent it all the same. */
  #usage: TokenUsage = NO_USAGE;
  outputs: ValueMap | undefined;
  /** See the event `flow-end`. */
  bare: boolean | undefined;
  error: ErrorBody | undefined;

  constructor(place: RunPlace | LoneRun) {
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
      this.#usage = NO_USAGE;
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
    else if (event.type === "node-end") {
      this.#nodeRuns.push(this.#nodeRun(event));
      if (event.usage) this.#usage = sumOf(this.#usage, event.usage);
    } else if (event.type === "metric") this.#metrics[event.name] = event.value;
    else if (event.type === "flow-end") {
      this.outputs = event.outputs;
      this.bare = event.bare;
      this.#usage = event.usage;
      this.#flowRun = this.#run("Completed", event.time);
    } else if (event.type === "error") {
      this.error = event.error;
      this.#flowRun = this.#run(CANCELED.has(event.error.code) ? "Canceled" : "Failed", event.time);
    }
  }

  get detail(): { flow_runs: FlowRunRecord[]; node_runs: NodeRunRecord[] } {
    return { flow_runs: this.#flowRun ? [this.#flowRun] : [], node_runs: this.#nodeRuns };
  }

  get metrics(): Readonly<ValueMap> {
    return this.#metrics;
  }

  get usage(): TokenUsage {
    return this.#usage;
  }

  get #root(): string {
    return "rootRunId" in this.#place ? this.#place.rootRunId : this.#runId;
  }

  get #lineId(): string {
    return "rootRunId" in this.#place ? this.#runId : `${this.#runId}_0`;
  }

  get #index(): number | null {
    return "rootRunId" in this.#place ? this.#place.index : 0;
  }

  /** Whether it is part of the whole run and of no line. */
  #aggregates(node: string): boolean {
    return "rootRunId" in this.#place ? this.#place.index === null : this.#place.aggregations.has(node);
  }

  #run(status: string, time: number): FlowRunRecord {
    const output = this.outputs ?? null;
    const system_metrics = { duration: (time - this.#startTime) / 1000, ...tokenCounts(this.#usage) };
    const error = this.error ? errorRecord(this.error) : null;
    const call = callRecord({
      name: "flow",
      type: "Flow",
      node: "flow",
      startTime: this.#startTime,
      endTime: time,
      inputs: this.#inputs,
      output,
      error: this.error,
    });
    return {
      run_id: this.#lineId,
      status,
      error,
      inputs: this.#inputs,
      output,
      metrics: Object.keys(this.#metrics).length > 0 ? this.#metrics : null,
      request: null,
      parent_run_id: this.#root,
      root_run_id: this.#root,
      source_run_id: null,
      flow_id: "default_flow_id",
      start_time: iso(this.#startTime),
      end_time: iso(time),
      index: this.#index,
      api_calls: [{ ...call, error, system_metrics }],
      name: "",
      description: "",
      tags: null,
      system_metrics,
      result: output,
      upload_metrics: false,
      otel_trace_id: null,
      message_format: this.#place.messageFormat,
    };
  }

  #nodeRun(event: Extract<FlowEvent, { type: "node-end" }>): NodeRunRecord {
    const { node, status, time, durationMs, inputs = null, usage, error } = event;
    const output: Value = event.output ?? null;
    const run = this.#nodes.get(node);
    const { startTime = time, stdout = "", stderr = "" } = run ?? {};
    const isBypassed = status === "bypassed";
    const index = this.#aggregates(node) ? null : this.#index;
    return {
      node,
      flow_run_id: this.#root,
      run_id: `${this.#root}_${node}${index === null ? "_reduce" : `_${index}`}`,
      status: STATUS[status],
      inputs: isBypassed ? null : inputs,
      output,
      metrics: null,
      error: error ? errorRecord(error) : null,
      parent_run_id: index === null ? this.#runId : this.#lineId,
      start_time: iso(startTime),
      end_time: iso(time),
      index,
      api_calls: run ? nodeCalls(run, event) : [],
      cached_run_id: null,
      cached_flow_run_id: null,
      logs: isBypassed ? null : { stdout, stderr },
      system_metrics: isBypassed ? null : { duration: durationMs / 1000, ...(usage ? tokenCounts(usage) : {}) },
      result: output,
      message_format: this.#place.messageFormat,
    };
  }
}

/** A node that called nothing is told by its record alone. */
function nodeCalls(run: NodeRun, event: Extract<FlowEvent, { type: "node-end" }>): ApiCall[] {
  const children = run.calls.all;
  if (children.length === 0) return [];
  const { node, time, inputs = null, output = null, error } = event;
  const place = { name: run.function, type: "Tool", node, startTime: run.startTime, endTime: time };
  return [{ ...callRecord({ ...place, inputs, output, error }), children }];
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
