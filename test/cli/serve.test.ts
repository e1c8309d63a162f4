// `flow serve` as one command: the original's variables, samples, traces and metrics reach the server that it starts.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { writeFolder } from "../flow/flow-folder.ts";
import { startCollector } from "../trace/collector.ts";
import { startCommand } from "./command.ts";

const FLOW = {
  "shown/flow.dag.yaml": `name: other name
inputs: {question: {type: string}}
outputs:
  answer: {type: string, reference: '\${say.output}'}
  asked: {type: string, reference: '\${inputs.question}'}
  judged: {type: string, reference: '\${inputs.question}', evaluation_only: true}
environment_variables: {TEAM: of the flow}
additional_includes: [../shared/say.jinja2]
nodes:
- {name: say, type: prompt, source: {type: code, path: say.jinja2}, inputs: {question: '\${inputs.question}'}}
`,
  "shared/say.jinja2": "You said {{question}}.",
  "shown/samples.json": '[{"question": "How?"}]',
};
const TRACE = "8a3c60f7d6e2f3b4a4f2f7f3f3f3f3f3";

test("the original's variables reach a served flow, and its traces, feedback and metrics a collector", async (context) => {
  const folder = writeFolder(context, FLOW);
  const collector = await startCollector(context);
  const served = await startCommand(
    ["flow", "serve", "--source", path.join(folder, "shown"), "--port", "0", "--home", path.join(folder, "home")],
    {
      ready: /^(http:\/\/\S+)\/score$/m,
      env: {
        PROMPTFLOW_RESPONSE_INCLUDED_FIELDS: '["answer","judged"]',
        BUILD_INFO: '{"build_number":"7"}',
        PF_SERVING_METRICS_COMMON_DIMENSIONS: '{"team":"a"}',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: collector.url,
      },
    },
  );
  context.after(() => served.stop("SIGKILL"));
  assert.match(served.stderr(), /^Warning: OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: logs go to stderr only/m);
  const headers = { traceparent: `00-${TRACE}-f3f3f3f3f3f3f3f3-01`, baggage: "userId=alice" };
  const score = await fetch(`${served.found}/score`, { method: "POST", headers, body: "Hello" });
  assert.equal(score.headers.get("access-control-allow-origin"), "*");
  assert.deepEqual(await score.json(), { answer: "You said Hello.", judged: "Hello" }, "plain text is the one input");
  const { version } = (await (await fetch(`${served.found}/version`)).json()) as { version: string };
  assert.equal(version, "7");
  const swagger = await (await fetch(`${served.found}/swagger.json`)).text();
  assert.match(swagger, /"x-flow-name":"shown".*"example":\{"question":"How\?"\}/);
  await fetch(`${served.found}/feedback?flatten=true`, { method: "POST", headers, body: '{"stars":5}' });
  assert.equal(await served.stop("SIGTERM"), 0);

  const spans = collector.spans();
  assert.deepEqual(
    spans.map(({ traceId }) => traceId),
    Array.from(spans, () => TRACE),
  );
  const feedback = spans.find(({ name }) => name === "promptflow-feedback");
  assert.deepEqual(feedback?.attributes, { stars: 5, userId: "alice" });
  assert.ok(spans.some(({ attributes }) => attributes["node_name"] === "say"));
  assert.deepEqual(
    collector.points("flow_request").map(({ attributes }) => attributes["team"]),
    ["a"],
  );
});
