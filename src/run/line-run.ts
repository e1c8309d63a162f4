// One line of a batch run.

import { FlowsteadError } from "../base/error/error.ts";
import type { Value, ValueMap } from "../base/value.ts";
import type { FlowEvent, TokenUsage } from "../flow/event.ts";
import { readProperty } from "../flow/reference.ts";
import type { Target } from "../flow/target.ts";
import { type ErrorRecord, type NodeRunRecord, RunRecord, errorRecord } from "./record.ts";

export interface BatchLine {
  /** The row's number, from 0; lines need not follow each other without gaps. */
  line: number;
  inputs: ValueMap;
}

/** What aggregation nodes need of each line. */
export interface LineNeeds {
  /** Names of flow inputs. */
  inputs: readonly string[];
  nodes: readonly { key: string; node: string; property: string }[];
}

export interface LineResult extends BatchLine {
  status: "Completed" | "Failed";
  output: ValueMap;
  error: ErrorRecord | null;
  usage: TokenUsage;
  nodes: readonly NodeRunRecord[];
  /** The record of the line as a whole. */
  flowRun: object;
  /** Values for aggregation nodes, by `${inputs.name}` and `${node.output}`. */
  needed: ValueMap;
  warnings: readonly string[];
}

export interface RunLineOptions {
  target: Target;
  /** Of the batch run; a line's own id is made of it. */
  runId: string;
  needs: LineNeeds;
  timeoutMs: number;
}

/** Runs one line. @returns undefined when it was stopped from outside: it counts as not run. */
export async function runLine(
  { line, inputs }: BatchLine,
  options: RunLineOptions,
  signal: AbortSignal,
): Promise<LineResult | undefined> {
  const { target, runId, needs, timeoutMs } = options;
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop.abort();
  }, timeoutMs);
  const fold = new LineFold({ rootRunId: runId, index: line }, needs);
  try {
    for await (const event of target.invoke({ inputs, runId: `${runId}_${line}`, line, settle: true }, stop.signal)) {
      fold.add(event.type === "error" && isLate ? { ...event, error: lateError(line, timeoutMs) } : event);
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
  if (signal.aborted && !isLate && fold.record.error) return undefined;
  return fold.result({ line, inputs });
}

function lateError(line: number, timeoutMs: number): Extract<FlowEvent, { type: "error" }>["error"] {
  const message = `Line ${line} execution timeout for exceeding ${timeoutMs / 1000} seconds`;
  return new FlowsteadError("LineExecutionTimeoutError", message).toBody();
}

const NO_USAGE: TokenUsage = { promptTokens: 0, completionTokens: 0, totalTokens: 0 };

class LineFold {
  readonly record: RunRecord;
  readonly #needs: LineNeeds;
  readonly #needed: ValueMap = {};
  readonly #warnings: string[] = [];
  #usage = NO_USAGE;
  #fault: FlowsteadError | undefined;

  constructor(place: { rootRunId: string; index: number }, needs: LineNeeds) {
    this.record = new RunRecord(place);
    this.#needs = needs;
  }

  add(event: FlowEvent): void {
    if (event.type === "flow-start") {
      for (const name of this.#needs.inputs) this.#needed[`\${inputs.${name}}`] = event.inputs[name] ?? null;
    } else if (event.type === "node-end") this.#collect(event.node, event.output ?? null);
    else if (event.type === "warning") this.#warnings.push(event.message);
    else if (event.type === "flow-end") {
      this.#usage = event.usage;
      const error = this.#fault?.toBody();
      if (error) return this.record.add({ type: "error", time: event.time, error });
    }
    this.record.add(event);
  }

  result({ line, inputs }: BatchLine): LineResult {
    const { detail, outputs, error } = this.record;
    return {
      line,
      inputs,
      status: error ? "Failed" : "Completed",
      output: error ? {} : (outputs ?? {}),
      error: error ? errorRecord(error) : null,
      usage: this.#usage,
      nodes: detail.node_runs,
      flowRun: detail.flow_runs[0] ?? {},
      needed: this.#needed,
      warnings: this.#warnings,
    };
  }

  #collect(name: string, output: Value): void {
    for (const { key, node, property } of this.#needs.nodes) {
      if (node !== name) continue;
      try {
        this.#needed[key] = property === "" ? output : readProperty(output, property, node);
      } catch (thrown) {
        this.#fault ??= FlowsteadError.from(thrown);
      }
    }
  }
}
