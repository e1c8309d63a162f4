// The port `Target`: anything that can be called like a flow. A flow in this process, an instance in another one, a
// deployment, an endpoint and a region of endpoints are all targets, and a balancer of targets is a target.

import type { ValueMap } from "../base/value.ts";
import type { FlowEvent } from "./event.ts";

export interface FlowInput {
  name: string;
  /** int, double, bool, string, list, object, image ... as in flow.dag.yaml. */
  type: string;
  default?: unknown;
  /** May be left out, though no default is shown: the code has one that is not shown. */
  optional?: boolean;
  description?: string;
  isChatInput: boolean;
  isChatHistory: boolean;
  /** Whether nothing but its name, `chat_history`, says that it is the history. */
  isHistoryByName?: boolean;
}

export interface FlowOutput {
  name: string;
  type: string;
  description?: string;
  isChatOutput: boolean;
  /** Not shown to callers of `/score`. */
  evaluationOnly: boolean;
  /** Whether it comes as `text-delta` events. */
  streamed: boolean;
}

export interface FlowPorts {
  inputs: FlowInput[];
  outputs: FlowOutput[];
}

/** What a caller may send to a target and gets back. */
export interface FlowSignature extends FlowPorts {
  name: string;
  description?: string;
  /**
   * What `/swagger.json` tells and `/score` asks for where that is something else: what the code of a flex flow declares,
   * whatever its file says, and what a prompty's head does.
   */
  served?: FlowPorts;
  /** Whether the flow gives one value without a name: `/score` answers with that value instead of an object. */
  bareOutput?: boolean;
  /** Whether code of the flow may return a stream where none is declared: that shows when it runs. */
  mayStream?: boolean;
}

export interface FlowCall {
  inputs: ValueMap;
  /** Becomes the run's id; made up when absent. */
  runId?: string;
  /** Names the caller's request in logs on every hop. */
  requestId?: string;
  /** W3C trace context of the caller, passed on to what the flow calls. */
  traceparent?: string;
  tracestate?: string;
  baggage?: string;
  /** Leaves the inputs and outputs of nodes and of their calls out of the events, for readers that do not show them. */
  brief?: boolean;
  /** Leaves out what nodes and their calls do, for readers that want no more than outputs, what is printed, and the end. */
  quiet?: boolean;
  /** The reader wants whole values: no model is asked to stream, no output comes in pieces; with `quiet`, all come with the end. */
  whole?: boolean;
  /** Waits for code beside a node that failed and tells how it ended, for readers that record every node. */
  settle?: boolean;
  /** The reader understands pieces of outputs that the signature does not call streamed; the whole output follows them. */
  unannounced?: boolean;
  /** On whose behalf, for limits and accounts. What runs in another process gets a name for it that only its parent understands. */
  principal?: string;
  /** Index of the call in a batch run, which messages then name. */
  line?: number;
  /** The flow must see this call at most once: it moves to another instance only if nothing of it had reached the first. */
  atMostOnce?: boolean;
}

export interface Target {
  /** @throws FlowsteadError when no flow can be reached. */
  describe(signal?: AbortSignal): Promise<FlowSignature>;
  /**
   * Runs the flow. Never throws: a failure is the last event, an `error`; an aborted signal ends it with code `Canceled`.
   * Leaving the loop early stops the run as the signal does.
   */
  invoke(call: FlowCall, signal: AbortSignal): AsyncIterable<FlowEvent>;
  /** Waits for running calls, then frees what the target holds. */
  close(): Promise<void>;
}
