// One line of a batch run.

import { FlowsteadError } from "../base/error/error.ts";
import type { Value, ValueMap } from "../base/value.ts";
import type { FlowEvent, TokenUsage } from "../flow/event.ts";
import { readProperty } from "../flow/reference.ts";
import type { MessageFormat } from "../flow/image.ts";
import type { Target } from "../flow/target.ts";
import { type ErrorRecord, errorRecord } from "./error-record.ts";
import { LINE_NUMBER } from "./mapping.ts";
import { type FlowRunRecord, type NodeRunRecord, RunRecord, type RunPlace } from "./record.ts";

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
  flowRun: FlowRunRecord;
  /** Values for aggregation nodes, by `${inputs.name}` and `${node.output}`. */
  needed: ValueMap;
  warnings: readonly string[];
}

export interface RunLineOptions {
  target: Target;
  /** Of the batch run; a line's own id is made of it. */
  runId: string;
  needs: LineNeeds;
  messageFormat: MessageFormat;
  timeoutMs: number;
}

/** Runs one line. @returns undefined when it was stopped from outside: it counts as not run. */
export async function runLine(
  { line, inputs }: BatchLine,
  options: RunLineOptions,
  signal: AbortSignal,
): Promise<LineResult | undefined> {
  const { target, runId, needs, messageFormat, timeoutMs } = options;
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop.abort();
  }, timeoutMs);
  const fold = new LineFold({ line, inputs }, { rootRunId: runId, index: line, messageFormat }, needs);
  try {
    for await (const event of target.invoke({ inputs, runId: `${runId}_${line}`, line, settle: true }, stop.signal)) {
      fold.add(event.type === "error" && isLate ? { ...event, error: lateError(line, timeoutMs) } : event);
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
  if (signal.aborted && !isLate && fold.record.error) return undefined;
  return fold.result();
}

function lateError(line: number, timeoutMs: number): Extract<FlowEvent, { type: "error" }>["error"] {
  const message = `Line ${line} execution timeout for exceeding ${timeoutMs / 1000} seconds`;
  return new FlowsteadError("LineExecutionTimeoutError", message).toBody();
}

class LineFold {
  readonly record: RunRecord;
  readonly #given: BatchLine;
  readonly #needs: LineNeeds;
  readonly #needed: ValueMap = {};
  readonly #warnings: string[] = [];
  #fault: FlowsteadError | undefined;

  constructor(given: BatchLine, place: RunPlace, needs: LineNeeds) {
    this.#given = given;
    this.record = new RunRecord(place);
    this.#needs = needs;
  }

  add(event: FlowEvent): void {
    if (event.type === "flow-start") {
      for (const name of this.#needs.inputs) this.#needed[`\${inputs.${name}}`] = event.inputs[name] ?? null;
      const { line, inputs } = this.#given;
      // As in the original, what the flow has no input for is told too, and the line is among its inputs.
      return this.record.add({ ...event, inputs: { ...inputs, ...event.inputs, [LINE_NUMBER]: line } });
    }
    if (event.type === "node-end") this.#collect(event.node, event.output ?? null);
    else if (event.type === "warning") this.#warnings.push(event.message);
    else if (event.type === "flow-end") {
      const error = this.#fault?.toBody();
      if (error) return this.record.add({ type: "error", time: event.time, error });
    }
    this.record.add(event);
  }

  result(): LineResult {
    const { detail, outputs, error, usage } = this.record;
    return {
      ...this.#given,
      status: error ? "Failed" : "Completed",
      output: error ? {} : (outputs ?? {}),
      error: error ? errorRecord(error) : null,
      usage,
      nodes: detail.node_runs,
      flowRun: detail.flow_runs[0] as FlowRunRecord,
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
