// The events that tell how a node began and how it ended.

import type { ErrorBody } from "../../base/error/error.ts";
import type { ValueMap } from "../../base/value.ts";
import type { CutShort, FlowEvent } from "../event.ts";
import type { PlannedNode } from "../plan.ts";

/** What its end tells of a node that runs. */
export interface RunningNode {
  node: PlannedNode;
  /** By `performance.now()`. */
  began: number;
  inputs: ValueMap | undefined;
}

type NodeStart = Extract<FlowEvent, { type: "node-start" }>;
type NodeEnd = Extract<FlowEvent, { type: "node-end" }>;

/** @param span the node's own in the caller's trace */
export function nodeStart({ name, kind, tool, prepared }: PlannedNode, span: string | undefined): NodeStart {
  const event: NodeStart = { type: "node-start", node: name, kind, tool, time: Date.now() };
  if (span !== undefined) event.span = span;
  if (prepared.function !== undefined) event.function = prepared.function;
  return event;
}

/** Fields without a value are left out, since readers are told them as they stand. */
export function nodeEnd(
  { node, began, inputs }: RunningNode,
  {
    status,
    output,
    usage,
    cutShort,
    error,
  }: Pick<NodeEnd, "status" | "output" | "usage" | "error"> & {
    cutShort?: CutShort | undefined;
  },
): NodeEnd {
  const durationMs = performance.now() - began;
  const event: NodeEnd = { type: "node-end", node: node.name, status, time: Date.now(), durationMs };
  if (inputs) {
    event.inputs = inputs;
    const { prompt } = node.prepared;
    if (prompt) event.prompt = prompt;
  }
  if (output !== undefined) event.output = output;
  if (usage) event.usage = usage;
  if (cutShort) event.cutShort = cutShort;
  if (error) event.error = error;
  return event;
}

/** A node is canceled with its run, or by itself. */
export function failedOrCanceled(error: ErrorBody | undefined): "failed" | "canceled" {
  return error && error.code !== "ToolCanceledError" ? "failed" : "canceled";
}
