// The spans and metrics of an author's code and of an embedding, against what the original exports for the same flow.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import { tracedTarget } from "../../src/flow/traced.ts";
import { telemetrySettings } from "../../src/trace/settings.ts";
import { openTelemetry } from "../../src/trace/telemetry.ts";
import { fakeService } from "../fake/service.ts";
import { openFiles } from "../flow/flow-folder.ts";
import { startCollector } from "./collector.ts";

const FLOW = {
  "flow.dag.yaml": `inputs: {text: {type: string}}
outputs: {size: {type: int, reference: '\${count.output}'}}
nodes:
- {name: shape, type: prompt, source: {type: code, path: shape.jinja2}, inputs: {text: '\${inputs.text}'}}
- name: embed
  type: python
  source: {type: package, tool: promptflow.tools.embedding.embedding}
  inputs: {connection: azure, deployment_name: ada, input: '\${inputs.text}'}
- name: count
  type: python
  source: {type: code, path: count.py}
  inputs: {text: '\${shape.output}', vector: '\${embed.output}'}
`,
  "shape.jinja2": "{{text}}",
  "count.py": `from promptflow.core import tool
from promptflow.tracing import trace

@trace
def outer(text):
    return inner(len(text))

@trace
def inner(size):
    if size == 4:
        raise ValueError("four")
    return size

@tool
def measure(text: str, vector: list):
    return outer(text)
`,
};

test("functions lie in one another, nodes tell the function that works, and embeddings their size", async (context) => {
  const service = await fakeService(context, () => ({
    body: { data: [{ embedding: [0.5, 1] }], usage: { prompt_tokens: 2, total_tokens: 2 } },
  }));
  const collector = await startCollector(context);
  const config = { otlp_endpoint: collector.url, protocol: "http/json", content: true } as const;
  const telemetry = openTelemetry(telemetrySettings(config, {}) ?? assert.fail(), SILENT);
  const configs = { api_base: service.url, api_version: "v1" };
  const connections = [{ name: "azure", type: "AzureOpenAIConnection" as const, configs, secrets: { api_key: "k" } }];
  const flow = tracedTarget(await openFiles(context, FLOW, { connections }), telemetry);
  for (const text of ["abc", "four"])
    for await (const _ of flow.invoke({ inputs: { text } }, new AbortController().signal));
  await telemetry.close();

  const spans = collector.spans();
  const nameOf = (id: string | undefined): string => spans.find(({ spanId }) => spanId === id)?.name ?? "";
  const flowName = spans.find(({ attributes }) => attributes["span_type"] === "Flow")?.name ?? "";
  assert.deepEqual(
    spans
      .map(({ name, kind, parentSpanId, attributes }) =>
        [nameOf(parentSpanId), name, attributes["function"], kind].join(" "),
      )
      .sort(),
    [
      ` ${flowName} ${flowName} 2`,
      `${flowName} count measure 1`,
      `${flowName} embed embedding 1`,
      `${flowName} shape render_template_jinja2 1`,
      "count outer outer 1",
      "embed openai_embeddings openai_embeddings 3",
      "outer inner inner 1",
    ]
      .flatMap((line) => [line, line])
      .sort(),
  );
  assert.ok(spans.every(({ attributes }) => attributes["execution_target"] === "dag"));
  const call = spans.find(({ name }) => name === "openai_embeddings");
  assert.equal(call?.attributes["llm.usage.total_tokens"], 2);
  assert.deepEqual(JSON.parse(call.attributes["embedding.embeddings"] as string), [
    { "embedding.vector": "<2 dimensional vector>", "embedding.text": "abc" },
  ]);

  const failed = spans.filter(({ status }) => status.code === 2);
  const messages = failed.map(({ name, status, events }) => [name, status.message, events.at(-1)?.attributes]);
  const raised = { "exception.type": "ValueError", "exception.message": "four" };
  const whole = "Execution failure in 'count': (ValueError) four";
  assert.deepEqual(messages, [
    ["inner", "ValueError: four", raised],
    ["outer", "ValueError: four", raised],
    ["count", "ValueError: four", raised],
    [flowName, `ToolExecutionError: ${whole}`, { "exception.type": "ToolExecutionError", "exception.message": whole }],
  ]);
  assert.deepEqual(
    collector.points("rpc_latency").map(({ attributes, count }) => [attributes["api_call"], count]),
    [
      ["openai_embeddings", "2"],
      ["outer_inner", "2"],
      ["outer", "2"],
    ],
  );
  assert.deepEqual(collector.points("token_consumption"), [], "of models only, as there");
});
