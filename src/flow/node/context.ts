// What a node's tool is given for one call.

import type { TraceContext } from "../../base/trace-context.ts";
import type { Value } from "../../base/value.ts";
import type { Caller } from "../../model/chat-model.ts";
import type { PieceFacts } from "../../python/message.ts";
import type { PythonSession } from "../../python/session.ts";
import type { CutShort, FlowEvent, TokenUsage } from "../event.ts";
import { sumOf } from "../usage.ts";
import { type CallContext, type CallStart, type RunningCall, beginCall } from "./call.ts";
import type { NodeInput } from "./value.ts";
import type { PlannedNode } from "../plan.ts";
import type { NodeCall } from "../tool.ts";

export interface NodeContextOptions extends Pick<NodeCall, "inputs" | "stream" | "signal" | "caller"> {
  node: PlannedNode;
  /** In the node's own span. */
  trace: TraceContext | undefined;
  brief: boolean;
  quiet: boolean;
  emit(event: FlowEvent): void;
  session(): PythonSession;
  text(text: string, piece: PieceFacts): Promise<void> | undefined;
}

/** A piece of the output itself, which is no more than its text. */
const PLAIN: PieceFacts = {};

/** A class, since an object with a getter of its own would have a shape of its own at every call. */
export class NodeContext implements NodeCall {
  readonly node: string;
  readonly inputs: Record<string, NodeInput>;
  readonly stream: boolean;
  readonly inner: boolean;
  readonly shownFields: readonly string[] | undefined;
  readonly signal: AbortSignal;
  readonly caller: Caller | undefined;
  /** What its models have used so far; a node may call several. */
  used: TokenUsage | undefined;
  /** Why the last model's text is not whole. */
  cut: CutShort | undefined;
  readonly #options: NodeContextOptions;
  #calls: CallContext | undefined;

  constructor(options: NodeContextOptions) {
    this.node = options.node.name;
    this.inputs = options.inputs;
    this.stream = options.stream;
    this.inner = options.node.inner;
    this.shownFields = options.node.shownFields;
    this.signal = options.signal;
    this.caller = options.caller;
    this.#options = options;
  }

  get python(): PythonSession {
    return this.#options.session();
  }

  emitText(text: string, piece: PieceFacts = PLAIN): Promise<void> | undefined {
    return this.#options.text(text, piece);
  }

  log(stream: "stdout" | "stderr", text: string): void {
    this.#options.emit({ type: "node-log", node: this.node, stream, text });
  }

  metric(name: string, value: Value): void {
    if (!this.#options.node.definition.aggregation) return;
    this.#options.emit({ type: "metric", name, value });
  }

  usage(tokens: TokenUsage): void {
    const { used } = this;
    this.used = used ? sumOf(used, tokens) : tokens;
  }

  cutShort(why: CutShort): void {
    this.cut = why;
  }

  began(call: CallStart): RunningCall {
    const { trace, brief, quiet, emit } = this.#options;
    this.#calls ??= { node: this.node, trace, brief, quiet, emit };
    return beginCall(call, this.#calls);
  }
}
