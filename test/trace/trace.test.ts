import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { SILENT } from "../../src/base/log.ts";
import { flowServer } from "../../src/endpoint/flow-server.ts";
import { recordFeedback, tracedTarget } from "../../src/flow/traced.ts";
import { type TelemetryConfig, telemetrySettings } from "../../src/trace/settings.ts";
import { type Telemetry, openTelemetry } from "../../src/trace/telemetry.ts";
import { type ScriptedModel, scriptedModel } from "../fake/scripted-model.ts";
import { CHAT_SIGNATURE, end, scriptedTarget, start } from "../fake/target.ts";
import { openFiles } from "../flow/flow-folder.ts";
import { type Collector, type OtlpSpan, startCollector } from "./collector.ts";

const FLOW = {
  "flow.dag.yaml": `inputs: {question: {type: string}}
outputs: {answer: {type: string, reference: '\${ask.output}'}}
nodes:
- name: shape
  type: prompt
  source: {type: code, path: shape.jinja2}
  inputs: {question: '\${inputs.question}'}
- name: ask
  type: llm
  source: {type: code, path: ask.jinja2}
  inputs: {deployment_name: gpt, shaped: '\${shape.output}'}
  connection: azure
  api: chat
`,
  "shape.jinja2": "Q: {{question}}",
  "ask.jinja2": "user:\n{{shaped}}\n",
};
const CONNECTIONS = [{ name: "azure", type: "AzureOpenAIConnection" as const, configs: {}, secrets: {} }];
const TRACE = "8a3c60f7d6e2f3b4a4f2f7f3f3f3f3f3";
const PARENT = `00-${TRACE}-f3f3f3f3f3f3f3f3-01`;

interface Served {
  url: string;
  collector: Collector;
  telemetry: Telemetry;
  model: ScriptedModel;
}

async function serve(
  context: TestContext,
  config: TelemetryConfig,
  { env = {}, model = scriptedModel() }: { env?: Record<string, string>; model?: ScriptedModel } = {},
): Promise<Served> {
  const collector = await startCollector(context);
  const settings = telemetrySettings({ otlp_endpoint: collector.url, ...config }, env, { deployment: "blue" });
  assert.ok(settings);
  const telemetry = openTelemetry(settings, SILENT);
  const flow = await openFiles(context, FLOW, { model, connections: CONNECTIONS });
  const { meter } = telemetry;
  const feedback = recordFeedback.bind(undefined, telemetry);
  const server = flowServer(tracedTarget(flow, telemetry), { log: SILENT, version: "1", meter, feedback });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, collector, telemetry, model };
}

async function ask(served: Served, headers: Record<string, string> = {}): Promise<string> {
  const body = JSON.stringify({ question: "How many days?" });
  return (await fetch(`${served.url}/score`, { method: "POST", headers, body })).text();
}

function byName(spans: OtlpSpan[], name: string): OtlpSpan {
  const found = spans.find((span) => span.name === name);
  assert.ok(found, `${name} among ${spans.map((span) => span.name).join()}`);
  return found;
}

test("a served run is a tree of spans in the caller's trace, and the model's request belongs to it", async (context) => {
  const served = await serve(context, { protocol: "http/json", headers: { "api-key": "k" } });
  await ask(served, { traceparent: PARENT, tracestate: "a=b", baggage: "user=alice", "x-request-id": "r-1" });
  await served.telemetry.close();

  const spans = served.collector.spans();
  assert.equal(spans.length, 4);
  const [shape, node, call] = [byName(spans, "shape"), byName(spans, "ask"), byName(spans, "openai_chat")];
  const flow = spans.find(({ attributes }) => attributes["span_type"] === "Flow") as OtlpSpan;
  assert.ok(spans.every((span) => span.traceId === TRACE));
  assert.equal(flow.parentSpanId, "f3f3f3f3f3f3f3f3");
  assert.deepEqual([shape.parentSpanId, node.parentSpanId, call.parentSpanId], [flow.spanId, flow.spanId, node.spanId]);
  const { "llm.usage.total_tokens": total, "gen_ai.request.model": model, span_type: type } = call.attributes;
  assert.deepEqual([total, model, type, call.kind], [12, "scripted", "LLM", 3]);
  const { node_name: name, span_type: nodeType, line_run_id: run, framework } = node.attributes;
  assert.deepEqual([name, nodeType, run, framework], ["ask", "Function", "r-1", "promptflow"]);
  for (const span of [flow, node, call]) {
    assert.equal(span.attributes["__computed__.cumulative_token_count.total"], 12, span.name);
    assert.equal(span.attributes["request_id"], "r-1");
    assert.equal(span.status.code, 1);
    assert.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano));
  }
  assert.equal(
    JSON.stringify(spans).includes("How many days"),
    false,
    "what was said is not recorded without being asked",
  );

  const { headers } = served.model.requests[0] ?? {};
  assert.equal(headers?.["traceparent"], `00-${TRACE}-${call.spanId}-01`);
  assert.equal(headers?.["tracestate"], "a=b");
  assert.equal(headers?.["baggage"], undefined, "what the caller says of its user stays in the house");
  assert.equal(served.collector.received[0]?.headers["api-key"], "k");
});

test("inputs, prompts and outputs are recorded when that is asked for", async (context) => {
  const served = await serve(context, { protocol: "http/json", content: true });
  await ask(served);
  await served.telemetry.close();
  const spans = served.collector.spans();
  const call = byName(spans, "openai_chat");
  assert.deepEqual(JSON.parse(call.attributes["inputs"] as string)["messages"], [
    { role: "user", content: "Q: How many days?" },
  ]);
  const message = call.events.find(({ name }) => name === "promptflow.llm.generated_message");
  assert.equal(JSON.parse(message?.attributes["payload"] as string)["content"], "Q: How many days?");
  const { attributes, events } = byName(spans, "ask");
  assert.equal(attributes["prompt.template"], "user:\n{{shaped}}\n");
  assert.deepEqual(JSON.parse(attributes["prompt.variables"] as string), { shaped: "Q: How many days?" });
  const { payload } = events.find(({ name }) => name === "promptflow.prompt.template")?.attributes ?? {};
  assert.deepEqual(Object.keys(JSON.parse(payload as string)), ["prompt.template", "prompt.variables"]);
  const flow = spans.find(({ attributes: of }) => of["span_type"] === "Flow");
  assert.deepEqual(
    flow?.events.map(({ name }) => name),
    ["promptflow.function.inputs", "promptflow.function.output"],
  );
  assert.equal(byName(spans, "shape").attributes["output"], '"Q: How many days?"');
});

test("metrics have the original's names and dimensions", async (context) => {
  const served = await serve(context, { protocol: "http/json" });
  await ask(served);
  await ask(served, { accept: "text/event-stream" });
  await fetch(`${served.url}/score`, { method: "POST", headers: { accept: "text/event-stream" }, body: "[]" });
  await ask(served, { accept: "text/html" });
  await served.telemetry.close();
  const { collector } = served;
  const flow = (collector.points("flow_request")[0]?.attributes["flow"] ?? "") as string;
  const common = { flow, deployment: "blue" };
  assert.deepEqual(
    collector.points("token_consumption").map(({ attributes, asInt }) => [attributes, asInt]),
    [
      [{ ...common, node: "ask", llm_engine: "scripted", token_type: "prompt_tokens" }, "14"],
      [{ ...common, node: "ask", llm_engine: "scripted", token_type: "completion_tokens" }, "10"],
    ],
  );
  assert.deepEqual(
    collector
      .points("flow_latency")
      .map(({ attributes: { response_type, response_code, streaming }, count }) =>
        [response_type, response_code, streaming, count].join(),
      ),
    ["default,200,False,1", "firstbyte,200,True,1", "lastbyte,200,True,1", "default,406,False,1"],
  );
  assert.deepEqual(
    collector
      .points("flow_request")
      .map(({ attributes: { exception, response_code }, asInt }) => [response_code, exception, asInt].join()),
    ["200,,1", "200,,1", "400,MissingRequiredFlowInput,1", "406,NotAcceptable,1"],
    "what is refused before anything runs is counted, too",
  );
  const [latency] = collector.points("node_latency");
  assert.deepEqual(latency?.attributes, { ...common, node: "shape", run_status: "Completed" });
  assert.equal((latency?.["explicitBounds"] as number[] | undefined)?.length, 20);
  assert.equal((latency?.["bucketCounts"] as string[] | undefined)?.length, 21);
  assert.equal(collector.points("flow_streaming_response_duration").length, 1);
  assert.equal(collector.points("rpc_request")[0]?.attributes["api_call"], "openai_chat");
  assert.equal(collector.points("node_request").length, 2);
});

test("a model's failure is counted by the class of its client, also where a stream was asked for", async (context) => {
  const model = scriptedModel({
    before: () => Promise.reject(new FlowsteadError("ModelRejected", "no", { details: { upstreamStatus: 400 } })),
  });
  const served = await serve(context, { protocol: "http/json" }, { model });
  await ask(served);
  await ask(served, { accept: "text/event-stream" });
  await served.telemetry.close();
  const counted = (name: string, dimension: string): string[] =>
    served.collector.points(name).map(({ attributes, asInt, count }) => {
      const { exception } = attributes;
      return `${String(exception ?? "")} ${String(attributes[dimension])} ${String(asInt ?? count)}`;
    });
  assert.deepEqual(counted("flow_request", "streaming"), ["BadRequestError False 1", "BadRequestError True 1"]);
  assert.deepEqual(counted("flow_latency", "streaming"), [" False 1"], "no whole answer was asked for the second time");
  assert.deepEqual(counted("node_request", "node"), [" shape 2", "BadRequestError ask 2"]);
  assert.deepEqual(counted("rpc_request", "api_call"), ["BadRequestError openai_chat 2"]);
});

test("protobuf is what is sent when nothing else is asked for; a busy collector is asked again", async (context) => {
  const served = await serve(
    context,
    {},
    { env: { OTEL_EXPORTER_OTLP_COMPRESSION: "gzip", OTEL_SERVICE_NAME: "mine" } },
  );
  served.collector.refuse.push(503);
  await ask(served, { traceparent: PARENT });
  await served.telemetry.close();
  const traces = served.collector.received.filter(({ path }) => path === "/v1/traces");
  const metrics = served.collector.received.filter(({ path }) => path === "/v1/metrics");
  assert.equal(traces.length + metrics.length, 3, "one was sent twice");
  const { headers, body } = traces.at(-1) ?? assert.fail();
  assert.equal(headers["content-type"], "application/x-protobuf");
  assert.equal(headers["content-encoding"], "gzip");
  const [resourceSpans] = fields(body).get(1) ?? [];
  const [resource] = fields(resourceSpans as Buffer).get(1) ?? [];
  const [service] = fields(resource as Buffer).get(1) ?? [];
  assert.deepEqual(keyValue(service as Buffer), ["service.name", "mine"]);
  const [scopeSpans] = fields(resourceSpans as Buffer).get(2) ?? [];
  const spans = (fields(scopeSpans as Buffer).get(2) ?? []).map((span) => fields(span as Buffer));
  assert.deepEqual(spans.map((span) => String(span.get(5)?.[0])).slice(0, 3), ["shape", "openai_chat", "ask"]);
  for (const span of spans) {
    assert.equal((span.get(1)?.[0] as Buffer | undefined)?.toString("hex"), TRACE);
    assert.equal((span.get(2)?.[0] as Buffer | undefined)?.length, 8);
    const [at] = span.get(7) ?? assert.fail();
    const began = (at as Buffer).readBigUInt64LE() / 1_000_000n;
    assert.ok(Math.abs(Number(began) - Date.now()) < 600_000, String(began));
  }
});

/** The fields of a protobuf message by number; a reader of its own, so that the writer is not judged by itself. */
function fields(bytes: Buffer): Map<number, (Buffer | bigint)[]> {
  const found = new Map<number, (Buffer | bigint)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    const value = wire === 0 ? varint() : take(wire === 1 ? 8 : wire === 5 ? 4 : Number(varint()));
    found.set(tag >> 3, [...(found.get(tag >> 3) ?? []), value]);
  }
  return found;
}

function keyValue(bytes: Buffer): [string, string] {
  const [key, value] = [fields(bytes).get(1)?.[0], fields(bytes).get(2)?.[0]];
  return [String(key), String(fields(value as Buffer).get(1)?.[0])];
}

const FEEDBACK = '{"comment":"good","stars":5,"tags":["a",1],"of":{"page":1},"none":null}';

test("feedback is a span under the caller's, with its fields and baggage", async (context) => {
  const served = await serve(context, { protocol: "http/json" });
  const headers = { traceparent: PARENT, baggage: "userId=alice" };
  await fetch(`${served.url}/feedback`, { method: "POST", headers, body: '{"a":"b"}' });
  await fetch(`${served.url}/feedback?flatten=true`, { method: "POST", body: FEEDBACK });
  await fetch(`${served.url}/feedback?flatten=true`, { method: "POST", body: "[1]" });
  await served.telemetry.close();
  const [whole, flat, list] = served.collector.spans();
  assert.deepEqual(
    [whole?.name, whole?.traceId, whole?.parentSpanId],
    ["promptflow-feedback", TRACE, "f3f3f3f3f3f3f3f3"],
  );
  assert.deepEqual(whole?.attributes, { feedback: '{"a":"b"}', userId: "alice" });
  assert.deepEqual(flat?.attributes, { comment: "good", stars: 5, tags: ["a", 1], of: '{"page":1}', none: "null" });
  assert.deepEqual(list?.attributes, { feedback: "[1]" }, "what has no fields is told whole");
});

test("spans say whether the flow is a graph, a function or a prompty", async (context) => {
  const collector = await startCollector(context);
  const settings = telemetrySettings({ otlp_endpoint: collector.url, protocol: "http/json" }, {});
  const telemetry = openTelemetry(settings ?? assert.fail(), SILENT);
  for (const tool of ["llm", "flex", "prompty"]) {
    const began = { type: "node-start", node: tool, kind: tool, tool, time: 1 } as const;
    const target = tracedTarget(
      scriptedTarget(() => [start(), began, end({ answer: tool })]),
      telemetry,
    );
    for await (const _ of target.invoke({ inputs: {} }, new AbortController().signal));
  }
  await telemetry.close();
  assert.deepEqual(
    collector.spans().map(({ attributes }) => attributes["execution_target"]),
    ["dag", "dag", "flex", "flex", "prompty", "prompty"],
  );
});

test("a failing node, a lost attempt and a caller that leaves show in the spans", async (context) => {
  const collector = await startCollector(context);
  const settings = telemetrySettings({ otlp_endpoint: collector.url, protocol: "http/json" }, {});
  const telemetry = openTelemetry(settings ?? assert.fail(), SILENT);
  const error = {
    code: "ToolExecutionError",
    actor: "author",
    message: "boom",
    status: 400,
    retryable: false,
  } as const;
  const target = scriptedTarget(() => [
    start(),
    { type: "node-start", node: "lost", kind: "llm", tool: "llm", time: 1 },
    { type: "restart", reason: "the instance is gone" },
    start(),
    { type: "node-start", node: "n", kind: "python", tool: "python", time: 1 },
    { type: "node-end", node: "n", status: "failed", time: 2, durationMs: 1, error },
    { type: "error", time: 3, error },
  ]);
  const call = { inputs: {}, traceparent: PARENT.replace(/01$/, "00") };
  const traced = tracedTarget(target, telemetry);
  for await (const _ of traced.invoke(call, new AbortController().signal));
  assert.equal(target.calls[0]?.traceparent, call.traceparent, "a caller that does not record is passed by");
  for await (const _ of traced.invoke({ inputs: {} }, new AbortController().signal));
  for await (const event of traced.invoke({ inputs: {} }, new AbortController().signal))
    if (event.type === "node-start") break;
  await telemetry.close();
  const spans = collector.spans();
  assert.deepEqual(
    spans.map(({ name, status }) => [name, status.code, status.message]),
    [
      ["lost", 2, "given up: the instance is gone"],
      ["n", 2, "ToolExecutionError: boom"],
      ["chat", 2, "ToolExecutionError: boom"],
      ["lost", 2, "canceled"],
      ["chat", 2, "Canceled: The caller left."],
    ],
  );
  assert.deepEqual(byName(spans, "n").events[0]?.attributes, {
    "exception.type": "ToolExecutionError",
    "exception.message": "boom",
  });
});

test("without an endpoint there is no telemetry, and nothing stands before a target", () => {
  assert.equal(telemetrySettings({}, {}), undefined);
  const base = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318/" };
  assert.equal(telemetrySettings({}, { ...base, OTEL_SDK_DISABLED: "true" }), undefined);
  const target = scriptedTarget(() => [], CHAT_SIGNATURE);
  assert.equal(tracedTarget(target, undefined), target);
  const settings = telemetrySettings({}, { ...base, OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%20b,x=y" });
  assert.equal(settings?.traces?.url, "http://127.0.0.1:4318/v1/traces");
  assert.deepEqual(settings?.metrics?.headers, { "api-key": "a b", x: "y" });
  assert.equal(telemetrySettings({}, { ...base, PF_BUILTIN_TRACE_EXPORTERS_DISABLE: "true" })?.traces, undefined);
  assert.throws(() => telemetrySettings({}, { ...base, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }), {
    message: /OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"; this program speaks http\/protobuf and http\/json/,
  });
  assert.throws(() => telemetrySettings({ otlp_endpoint: "localhost:4318" }, {}), { code: "InvalidConfig" });
});
