// The port between the engine and the tools that nodes use. The engine is given the list of tools; src/tool has the
// built-in ones.

import type { Value, ValueMap } from "../base/value.ts";
import type { Caller } from "../model/chat-model.ts";
import type { PieceFacts } from "../python/message.ts";
import type { PythonPool } from "../python/pool.ts";
import type { PythonQuestion } from "../python/question.ts";
import type { PythonSession } from "../python/session.ts";
import type { Assignment, NodeDefinition } from "./definition.ts";
import type { CutShort, PromptFacts, TokenUsage } from "./event.ts";
import type { MessageFormat } from "./image.ts";
import type { CallStart, RunningCall } from "./node/call.ts";
import type { NodeInput, NodeValue } from "./node/value.ts";
import type { FlowResources } from "./resource.ts";

export interface NodeTool {
  /** `llm`, `prompt`, `python`, or the id of a package tool; shown in events. */
  readonly id: string;
  /** Older ids that mean the same. */
  readonly aliases?: readonly string[];
  /**
   * Does everything for a node that does not depend on a call: reads its template or script, checks its inputs.
   * @throws FlowsteadError; the engine says which node it was.
   */
  prepare(node: NodeDefinition, context: PrepareContext): Promise<PreparedNode>;
  /** Answers what Python code asks of the engine, such as a model's reply; one tool of a list does. */
  answer?(question: PythonQuestion, context: AnswerContext): AsyncIterable<Value>;
}

export interface AnswerContext {
  resources: FlowResources;
  /** The tools that other flows get when the code calls them. */
  tools: readonly NodeTool[];
  /** The variables that the code sees. */
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  /** The node whose code asks; nobody while files are loaded. */
  call: NodeCall | undefined;
}

export interface PrepareContext {
  /** The flow's folder; paths in the flow are relative to it. */
  directory: string;
  resources: FlowResources;
  /** How the flow writes images. */
  messageFormat: MessageFormat;
  /** The variables that the flow's code sees. */
  env: Readonly<Record<string, string | undefined>>;
  /** What whoever opens the flow changes in the head of a prompty. */
  init?: ValueMap;
  /** The flow's Python processes, started at the first use. */
  python(): PythonPool;
  /** Ids of the package tools that the flow's nodes name, and those among them that the engine has itself. */
  packageTools?: { wanted: readonly string[]; known: readonly string[] };
}

export interface PreparedNode {
  /** The node's inputs with literals converted to the types that the tool wants. */
  inputs: Record<string, Assignment>;
  /** Whether it gives text piece by piece: never, when it is asked to, or always. */
  streaming: "never" | "optional" | "always";
  /** Whether its code can read the text of another node while it comes. */
  readsStreams?: boolean;
  /** Inputs that are left out, instead of null, when the node they refer to was bypassed. */
  optionalInputs: ReadonlySet<string>;
  /** The function that does the work, as the original names it in traces. */
  function?: string;
  /** The template that it sends to a model, for traces. */
  prompt?: PromptFacts;
  /** Whether the fields of what it gives are the outputs of a flow that is this node alone. */
  spreads?: boolean;
  /**
   * Runs the node once; a promise only where something has to be waited for. Text that streams goes to `call.emitText`
   * before the whole value is returned.
   */
  run(call: NodeCall): NodeValue | Promise<NodeValue>;
  /** Frees what the node holds, such as threads; called once, when the flow is closed. */
  close?(): Promise<void>;
}

export interface NodeCall {
  node: string;
  /** An aggregation node gets a list of values where it refers to what is one value per line. */
  inputs: Record<string, NodeInput>;
  /** Whether a tool with optional streaming is to stream. */
  stream: boolean;
  /** Whether only Python nodes read its value. */
  inner?: boolean;
  /** The fields of its value that others read, where none of them reads all of it. */
  shownFields?: readonly string[] | undefined;
  signal: AbortSignal;
  /** On whose behalf models and indexes are asked, where it is known. */
  caller?: Caller | undefined;
  /** The run's conversation with Python. */
  python: PythonSession;
  /** Hands a piece of text to the reader; a promise that comes back means: wait before the next piece. */
  emitText(text: string, piece?: PieceFacts): Promise<void> | undefined;
  log(stream: "stdout" | "stderr", text: string): void;
  metric(name: string, value: Value): void;
  usage(usage: TokenUsage): void;
  cutShort(why: CutShort): void;
  /** To be told of each call to a model, an embedder or an index, before it begins. */
  began(call: CallStart): RunningCall;
}
