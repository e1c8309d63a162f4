// What a flow run tells, from the node to the edge. This file has no runtime code and no Node types: the browser reads it too.
//
// A run is a sequence that begins with `flow-start` and ends with exactly one `flow-end` or `error`. Between them,
// `restart` may appear before the first `text-delta`: an attempt was given up, another began, and readers drop what
// the earlier attempt had shown.

import type { ErrorBody } from "../base/error/error.ts";
import type { Value, ValueMap } from "../base/value.ts";

/** `canceled`: the run ended without it. */
export type NodeStatus = "completed" | "failed" | "bypassed" | "canceled";

export type NodeCallKind = "llm" | "embedding" | "retrieval" | "function";

export interface TokenUsage {
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
}

/** Why a model ended its text before it was whole: at its limit of tokens, or because a filter stopped it. */
export type CutShort = "length" | "content_filter";

/** A prompt's text, and the names of the inputs that it shows. */
export interface PromptFacts {
  template: string;
  variables: readonly string[];
}

export type FlowEvent =
  | {
      type: "flow-start";
      runId: string;
      flow: string;
      /** Milliseconds since the epoch. */
      time: number;
      inputs: ValueMap;
      /** Outputs that come as one `output` event each, and outputs that come as `text-delta` events. */
      outputs: { plain: string[]; streamed: string[] };
    }
  | { type: "restart"; reason: string }
  | {
      type: "node-start";
      node: string;
      kind: string;
      tool: string;
      /** The function that does the work, where the original names it in traces. */
      function?: string;
      time: number;
      /** Id of the node's span in the caller's trace; what the node calls has it as its parent. */
      span?: string;
    }
  /** A call that a node made to a model, an embedder, an index or a traced function, told when it has ended. */
  | {
      type: "node-call";
      node: string;
      kind: NodeCallKind;
      name: string;
      /** When it began. */
      time: number;
      durationMs: number;
      span?: string;
      /** Span of the call that it is a part of; the node's own when absent. */
      parent?: string;
      /** Its name behind those of the calls around it, when there are any: `outer_inner`. */
      path?: string;
      /** Model or index. */
      target?: string;
      /** Messages and parameters, texts, or a query. */
      inputs?: ValueMap;
      output?: Value;
      usage?: TokenUsage;
      error?: ErrorBody;
    }
  | { type: "node-log"; node: string; stream: "stdout" | "stderr"; text: string }
  | {
      type: "node-end";
      node: string;
      status: NodeStatus;
      time: number;
      durationMs: number;
      inputs?: ValueMap;
      /** Of a node that asked a model; left out where inputs are. */
      prompt?: PromptFacts;
      output?: Value;
      usage?: TokenUsage;
      cutShort?: CutShort;
      error?: ErrorBody;
    }
  /** A non-streamed output, sent as soon as the node it refers to has ended. */
  | { type: "output"; name: string; value: Value }
  /** An empty text begins a stream that the signature does not announce: there is one, whatever comes of it. */
  | {
      type: "text-delta";
      output: string;
      text: string;
      /** The piece as JSON, where code gave something else than a text. */
      json?: string;
      /** With an empty text: every output that is no stream has been told, also those that the signature does not announce. */
      othersTold?: true;
    }
  | { type: "metric"; name: string; value: Value }
  | { type: "warning"; message: string }
  | {
      type: "flow-end";
      time: number;
      durationMs: number;
      /** Every output, streamed ones as whole text. */
      outputs: ValueMap;
      usage: TokenUsage;
      /** Of a function or a prompty: whether its value had no fields, and is the one output without a name. */
      bare?: boolean;
    }
  | { type: "error"; time: number; error: ErrorBody };
