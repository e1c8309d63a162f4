// Every name that traces and metrics have outside, once: the original's, and beside them OpenTelemetry's for generative
// models, which are still being renamed.

export const SPAN = {
  framework: "framework",
  spanType: "span_type",
  form: "execution_target",
  function: "function",
  nodeName: "node_name",
  lineRunId: "line_run_id",
  lineNumber: "line_number",
  requestId: "request_id",
  inputs: "inputs",
  output: "output",
  promptTemplate: "prompt.template",
  promptVariables: "prompt.variables",
  promptTokens: "llm.usage.prompt_tokens",
  completionTokens: "llm.usage.completion_tokens",
  totalTokens: "llm.usage.total_tokens",
  responseModel: "llm.response.model",
  generatedMessage: "llm.generated_message",
  cumulativePrompt: "__computed__.cumulative_token_count.prompt",
  cumulativeCompletion: "__computed__.cumulative_token_count.completion",
  cumulativeTotal: "__computed__.cumulative_token_count.total",
  embeddings: "embedding.embeddings",
  retrievalQuery: "retrieval.query",
  retrievalDocuments: "retrieval.documents",
  feedback: "feedback",
} as const;

/** Of what a user said about an answer. */
export const FEEDBACK_SPAN = "promptflow-feedback";

export const SPAN_EVENT = {
  inputs: "promptflow.function.inputs",
  output: "promptflow.function.output",
  prompt: "promptflow.prompt.template",
  generatedMessage: "promptflow.llm.generated_message",
  embeddings: "promptflow.embedding.embeddings",
  retrievalQuery: "promptflow.retrieval.query",
  retrievalDocuments: "promptflow.retrieval.documents",
  log: "promptflow.node.log",
  restart: "restart",
  exception: "exception",
} as const;

/** Of an answer of the chat, and of the check of what it cites. */
export const ANSWER = {
  span: "chat.answer",
  checkSpan: "chat.verify_citations",
  checkEvent: "citation.check",
  status: "chat.status",
  rule: "citation.rule",
  citations: "citation.count",
  sentences: "citation.sentences",
  supported: "citation.supported",
  unsupported: "citation.unsupported",
  cited: "citation.numbers",
  isSupported: "citation.is_supported",
  overlap: "citation.overlap",
  reason: "citation.reason",
  documents: "citation.documents",
  sentence: "citation.sentence",
} as const;

export const GEN_AI = {
  conversation: "gen_ai.conversation.id",
  operation: "gen_ai.operation.name",
  requestModel: "gen_ai.request.model",
  responseModel: "gen_ai.response.model",
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
} as const;

/** In small letters, as the original's own library sends them, whatever its source writes. */
export const METRIC = {
  tokens: "token_consumption",
  flowLatency: "flow_latency",
  flowRequest: "flow_request",
  nodeLatency: "node_latency",
  nodeRequest: "node_request",
  callLatency: "rpc_latency",
  callRequest: "rpc_request",
  streamDuration: "flow_streaming_response_duration",
} as const;

/** Bounds of all histograms, in milliseconds. */
export const BUCKETS = [
  1, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000, 25_000, 50_000, 75_000, 100_000, 300_000,
] as const;

export const TRACER = "promptflow";
export const METER = "Promptflow Standard Metrics";
