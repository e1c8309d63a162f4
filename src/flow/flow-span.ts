// The spans of one run, made of nothing but its events, as the original names them: the flow, under it its nodes, under
// these their calls of models, embedders and indexes.

import type { ErrorBody } from "../base/error/error.ts";
import { stringifyJson } from "../base/json.ts";
import { newSpanId } from "../base/trace-context.ts";
import type { ValueMap } from "../base/value.ts";
import { GEN_AI, SPAN, SPAN_EVENT } from "../trace/name.ts";
import type { Attributes, Span, SpanEvent } from "../trace/span.ts";
import type { FlowEvent, PromptFacts, TokenUsage } from "./event.ts";

export interface RunSpanOptions {
  traceId: string;
  /** The flow's own span. */
  spanId: string;
  parentSpanId: string | undefined;
  tracestate: string | undefined;
  requestId: string | undefined;
  line: number | undefined;
  /** Whether inputs and outputs are recorded. */
  content: boolean;
}

type EventOf<T extends FlowEvent["type"]> = Extract<FlowEvent, { type: T }>;

const CALL_TYPE = { llm: "LLM", embedding: "Embedding", retrieval: "Retrieval", function: "Function" } as const;
const OPERATION = { openai_chat: "chat", openai_completion: "text_completion", openai_embeddings: "embeddings" };

/** Takes a run's events one by one; all spans are there when the last one was taken. */
export class RunSpans {
  readonly spans: Span[] = [];
  readonly #options: RunSpanOptions;
  readonly #open = new Map<string, Span>();
  readonly #flow: Span;
  #common: Attributes = {};
  #form = "dag";

  constructor(options: RunSpanOptions) {
    this.#options = options;
    this.#flow = this.#span("flow", { spanId: options.spanId, parent: options.parentSpanId, startMs: Date.now() });
    this.#flow.kind = "server";
  }

  take(event: FlowEvent): void {
    switch (event.type) {
      case "flow-start":
        return this.#begin(event);
      case "restart":
        return this.#restart(event.reason);
      case "node-start":
        return this.#nodeStart(event);
      case "node-call":
        return this.#nodeCall(event);
      case "node-log":
        if (this.#options.content) this.#log(event);
        return;
      case "node-end":
        return this.#nodeEnd(event);
      case "flow-end":
        this.#counted(this.#flow, event.usage);
        if (this.#options.content) this.#tell(this.#flow, SPAN.output, SPAN_EVENT.output, event.outputs);
        return this.#finish(event.time);
      case "error":
        fail(this.#flow, { type: event.error.code, message: event.error.message }, event.time);
        return this.#finish(event.time);
      case "output":
      case "text-delta":
      case "metric":
      case "warning":
    }
  }

  #begin({ runId, flow, time, inputs }: EventOf<"flow-start">): void {
    const { requestId, line, content } = this.#options;
    this.#common = {
      [SPAN.framework]: "promptflow",
      [SPAN.lineRunId]: runId,
      ...(line === undefined ? {} : { [SPAN.lineNumber]: line }),
      ...(requestId === undefined ? {} : { [SPAN.requestId]: requestId }),
    };
    this.#flow.name = flow;
    this.#flow.startMs = Math.min(this.#flow.startMs, time);
    this.#flow.attributes = { ...this.#common, [SPAN.spanType]: "Flow", [SPAN.function]: flow };
    if (content) this.#tell(this.#flow, SPAN.inputs, SPAN_EVENT.inputs, inputs);
  }

  #restart(reason: string): void {
    const timeMs = Date.now();
    for (const span of this.#open.values()) this.#end(span, timeMs, `given up: ${reason}`);
    this.#open.clear();
    this.#flow.events.push({ name: SPAN_EVENT.restart, timeMs, attributes: { reason } });
  }

  #nodeStart({ node, tool, function: name, time, span: spanId }: EventOf<"node-start">): void {
    if (tool === "flex" || tool === "prompty") this.#form = tool;
    const span = this.#span(node, { spanId, parent: this.#flow.spanId, startMs: time });
    span.attributes = {
      ...this.#common,
      [SPAN.spanType]: "Function",
      [SPAN.function]: name ?? tool,
      [SPAN.nodeName]: node,
    };
    this.#open.set(node, span);
  }

  #nodeCall(event: EventOf<"node-call">): void {
    const { node, kind, name, time, durationMs, target, usage, error } = event;
    const parent = event.parent ?? this.#open.get(node)?.spanId ?? this.#flow.spanId;
    const span = this.#span(name, { spanId: event.span, parent, startMs: time });
    if (kind !== "function") span.kind = "client";
    span.attributes = {
      ...this.#common,
      [SPAN.spanType]: CALL_TYPE[kind],
      [SPAN.function]: name,
      [SPAN.nodeName]: node,
      ...(kind === "retrieval" || kind === "function" ? {} : modelAttributes(name, target)),
    };
    if (usage) {
      Object.assign(span.attributes, {
        [SPAN.promptTokens]: usage.promptTokens,
        [SPAN.completionTokens]: usage.completionTokens,
        [SPAN.totalTokens]: usage.totalTokens,
        [GEN_AI.inputTokens]: usage.promptTokens,
        [GEN_AI.outputTokens]: usage.completionTokens,
      });
      this.#counted(span, usage);
    }
    if (this.#options.content) this.#callContent(span, event);
    if (error) fail(span, raised(error), time + durationMs);
    this.#end(span, time + durationMs);
  }

  #callContent(span: Span, { kind, inputs, output }: EventOf<"node-call">): void {
    if (inputs !== undefined) this.#tell(span, SPAN.inputs, SPAN_EVENT.inputs, inputs);
    if (kind === "retrieval") {
      if (inputs?.["query"] !== undefined)
        this.#tell(span, SPAN.retrievalQuery, SPAN_EVENT.retrievalQuery, inputs["query"]);
      if (output !== undefined) this.#tell(span, SPAN.retrievalDocuments, SPAN_EVENT.retrievalDocuments, output);
    }
    if (output === undefined) return;
    if (kind === "embedding") return this.#tell(span, SPAN.embeddings, SPAN_EVENT.embeddings, output);
    this.#tell(span, SPAN.output, SPAN_EVENT.output, output);
    if (kind === "llm") this.#tell(span, SPAN.generatedMessage, SPAN_EVENT.generatedMessage, output);
  }

  #log({ node, stream, text }: EventOf<"node-log">): void {
    const event: SpanEvent = { name: SPAN_EVENT.log, timeMs: Date.now(), attributes: { stream, text } };
    this.#open.get(node)?.events.push(event);
  }

  #nodeEnd({ node, status, time, inputs, prompt, output, usage, error }: EventOf<"node-end">): void {
    const span = this.#open.get(node);
    this.#open.delete(node);
    // Only a bypassed node ends without having begun: it did nothing that could be shown.
    if (!span) return;
    if (usage) this.#counted(span, usage);
    if (this.#options.content && inputs !== undefined) {
      this.#tell(span, SPAN.inputs, SPAN_EVENT.inputs, inputs);
      if (prompt) tellPrompt(span, prompt, inputs);
    }
    if (this.#options.content && output !== undefined) this.#tell(span, SPAN.output, SPAN_EVENT.output, output);
    if (error) fail(span, raised(error), time);
    this.#end(span, time, status === "canceled" ? "canceled" : undefined);
  }

  #finish(timeMs: number): void {
    for (const span of this.#open.values()) this.#end(span, timeMs, "canceled");
    this.#open.clear();
    this.#end(this.#flow, timeMs);
    // Known only from the nodes, which come after the flow's own start.
    for (const { attributes } of this.spans) attributes[SPAN.form] = this.#form;
  }

  #end(span: Span, endMs: number, error?: string): void {
    span.endMs = Math.max(span.startMs, endMs);
    if (error !== undefined) span.error ??= error;
    this.spans.push(span);
  }

  #tell(span: Span, attribute: string, event: string, value: unknown): void {
    const payload = stringifyJson(value);
    span.attributes[attribute] = payload;
    span.events.push({ name: event, timeMs: Date.now(), attributes: { payload } });
  }

  #counted(span: Span, { promptTokens, completionTokens, totalTokens }: TokenUsage): void {
    if (totalTokens === 0) return;
    span.attributes[SPAN.cumulativePrompt] = promptTokens;
    span.attributes[SPAN.cumulativeCompletion] = completionTokens;
    span.attributes[SPAN.cumulativeTotal] = totalTokens;
  }

  #span(
    name: string,
    { spanId, parent, startMs }: { spanId: string | undefined; parent: string | undefined; startMs: number },
  ): Span {
    const { traceId, tracestate } = this.#options;
    return {
      traceId,
      spanId: spanId ?? newSpanId(),
      parentSpanId: parent,
      tracestate,
      name,
      kind: "internal",
      startMs,
      endMs: startMs,
      attributes: {},
      events: [],
    };
  }
}

function modelAttributes(name: string, target: string | undefined): Attributes {
  const operation = OPERATION[name as keyof typeof OPERATION];
  return {
    ...(operation === undefined ? {} : { [GEN_AI.operation]: operation }),
    ...(target === undefined
      ? {}
      : { [SPAN.responseModel]: target, [GEN_AI.requestModel]: target, [GEN_AI.responseModel]: target }),
  };
}

function tellPrompt(span: Span, { template, variables }: PromptFacts, inputs: ValueMap): void {
  const shown = variables.filter((name) => Object.hasOwn(inputs, name)).map((name) => [name, inputs[name]]);
  const told = {
    [SPAN.promptTemplate]: template,
    [SPAN.promptVariables]: stringifyJson(Object.fromEntries(shown)),
  };
  Object.assign(span.attributes, told);
  const payload = stringifyJson(told);
  span.events.push({ name: SPAN_EVENT.prompt, timeMs: Date.now(), attributes: { payload } });
}

interface Raised {
  type: string;
  message: string;
}

const OF_CODE = /^(?:Execution failure in '[^]*?': \((\w+)\)|([\w.]+):) ([^]*)$/;

/** What the author's code raised, as the spans of a node and of its functions have it; the flow's own has all of it. */
function raised({ code, message }: ErrorBody): Raised {
  const isOfCode = code === "ToolExecutionError" || code === "ScriptExecutionError";
  const [, ofNode, ofFunction, text] = (isOfCode && OF_CODE.exec(message)) || [];
  return { type: ofNode ?? ofFunction ?? code, message: text ?? message };
}

function fail(span: Span, { type, message }: Raised, timeMs: number): void {
  span.error = `${type}: ${message}`;
  span.events.push({
    name: SPAN_EVENT.exception,
    timeMs,
    attributes: { "exception.type": type, "exception.message": message },
  });
}
