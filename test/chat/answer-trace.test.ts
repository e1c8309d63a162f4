// What a collector is told of an answer: a span of its own above the flow's, and one of the check of what it cites.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import type { FlowEvent } from "../../src/flow/event.ts";
import { tracedTarget } from "../../src/flow/traced.ts";
import { telemetrySettings } from "../../src/trace/settings.ts";
import { openTelemetry } from "../../src/trace/telemetry.ts";
import { type OtlpSpan, startCollector } from "../trace/collector.ts";
import { chatServer } from "./chat-server.ts";
import { on, passage, scriptedTarget } from "./scripted-target.ts";

const ANSWER = "Everyone has 30 days of leave [1][2]. Unused days are carried over [1]. Ask the office.";

async function traced(context: TestContext, content: boolean, last: FlowEvent): Promise<OtlpSpan[]> {
  const collector = await startCollector(context);
  const settings = telemetrySettings({ otlp_endpoint: collector.url, protocol: "http/json", content }, {}, {});
  assert.ok(settings);
  const telemetry = openTelemetry(settings, SILENT);
  const passages = [
    passage(1, "Everyone has 30 days of leave. Unused days are not carried over."),
    passage(2, "The office in Turin closes at six."),
  ];
  const target = scriptedTarget(async function* () {
    const outputs = { plain: ["documents"], streamed: ["answer"] };
    yield { type: "flow-start", runId: "r", flow: "qa", time: Date.now(), inputs: {}, outputs };
    yield on.output("documents", passages);
    yield on.text(ANSWER);
    yield last;
  });
  const server = await chatServer(tracedTarget(target, telemetry), { chatOptions: { telemetry } });
  const read = await server.ask(randomUUID(), "How many days?");
  assert.match(read.body, /30 days/);
  await server.close();
  await telemetry.close();
  return collector.spans();
}

const named = (spans: readonly OtlpSpan[], name: string): OtlpSpan => {
  const found = spans.filter((span) => span.name === name);
  assert.equal(found.length, 1, `${name} among ${spans.map((span) => span.name).join()}`);
  return found[0]!;
};

test("an answer is one trace: its span, under it the flow's, and the check with counts and an event for each sentence", async (context) => {
  const spans = await traced(context, false, on.end({ answer: ANSWER }));
  const [answer, flow, check] = [
    named(spans, "chat.answer"),
    named(spans, "qa"),
    named(spans, "chat.verify_citations"),
  ];
  assert.equal(answer.parentSpanId ?? "", "");
  for (const span of [flow, check]) {
    assert.equal(span.traceId, answer.traceId);
    assert.equal(span.parentSpanId, answer.spanId);
  }
  assert.equal(answer.attributes["chat.status"], "completed");
  assert.equal(answer.attributes["line_run_id"], check.attributes["line_run_id"]);
  assert.match(String(check.attributes["citation.rule"]), /^rule-based/);
  const counts = ["count", "sentences", "supported", "unsupported"].map((name) =>
    Number(check.attributes[`citation.${name}`]),
  );
  assert.deepEqual(counts, [2, 2, 1, 1]);
  assert.ok(BigInt(check.startTimeUnixNano) >= BigInt(answer.startTimeUnixNano));
  assert.ok(BigInt(check.endTimeUnixNano) <= BigInt(answer.endTimeUnixNano));
  assert.deepEqual(
    check.events.map(({ name, attributes: of }) => [name, of["citation.numbers"], of["citation.is_supported"]]),
    [
      ["citation.check", ["1", "2"], true],
      ["citation.check", ["1"], false],
    ],
  );
  const [, denied] = check.events.map(({ attributes }) => attributes);
  assert.equal(denied!["citation.reason"], "the source denies what the sentence says");
  assert.deepEqual(denied!["citation.documents"], ["doc-1"]);
  assert.ok(Number(denied!["citation.overlap"]) > 0.5);
  assert.ok(!JSON.stringify(spans).includes("carried over"), "what it says is recorded only when that is wanted");
});

test("sentences are recorded where contents are, and an answer that failed says so", async (context) => {
  const error = { code: "ModelFailed", message: "It fell.", status: 502, retryable: false, actor: "upstream" } as const;
  const spans = await traced(context, true, { type: "error", time: Date.now(), error });
  const check = named(spans, "chat.verify_citations");
  assert.deepEqual(
    check.events.map(({ attributes }) => attributes["citation.sentence"]),
    ["Everyone has 30 days of leave.", "Unused days are carried over."],
  );
  const answer = named(spans, "chat.answer");
  assert.equal(answer.attributes["chat.status"], "error");
  assert.match(answer.status.message ?? "", /It fell/);
});
