// What a server's refusals and faults are in the project's codes, and what their messages say.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openAiModel, type OpenAiSettings } from "../../src/model/provider/openai.ts";
import { chunkFailure, statusFailure } from "../../src/model/provider/openai-wire/failure.ts";
import type { Fault } from "../../src/model/fake/script.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { ask, collect, failureOf, NEVER, openAi } from "./openai-ask.ts";

const FAILURES: [name: string, fault: Fault, code: string, retryable: boolean, message: RegExp][] = [
  ["500", { kind: "status", status: 500 }, "ModelFailed", true, /failed \(500\)/],
  ["429", { kind: "status", status: 429 }, "ModelRateLimited", true, /no more calls/],
  [
    "an empty account",
    { kind: "status", status: 429, body: { error: { message: "You exceeded", code: "insufficient_quota" } } },
    "ModelQuotaExhausted",
    true,
    /quota/,
  ],
  ["a wrong request", { kind: "status", status: 400 }, "ModelRejected", false, /refused the request/],
  [
    "a long prompt",
    { kind: "status", status: 400, body: { error: { message: "too long", code: "context_length_exceeded" } } },
    "ModelInputTooLong",
    false,
    /too long/,
  ],
  ["a filtered prompt", { kind: "filter-prompt" }, "ModelContentFiltered", false, /content filter/],
  ["a reset before the first byte", { kind: "reset" }, "ModelConnectionLost", true, /before its answer/],
  ["a reset in the answer", { kind: "reset", at: 1 }, "ModelConnectionLost", true, /middle of its answer/],
  ["a cut stream", { kind: "cut", at: 1 }, "ModelConnectionLost", true, /cut off/],
  ["a malformed chunk", { kind: "malformed", at: 1 }, "ModelBadAnswer", true, /else than JSON/],
  ["a web page", { kind: "malformed" }, "ModelBadAnswer", true, /text\/html.*\/v1/],
  ["an error in the stream", { kind: "error-chunk", at: 1 }, "ModelFailed", true, /overloaded/],
  ["a hanging server", { kind: "stall" }, "ModelTimeout", true, /within 120 ms/],
  ["a stall before the first text", { kind: "stall", at: 0 }, "ModelTimeout", true, /within 120 ms/],
  ["a stall in the answer", { kind: "stall", at: 1 }, "ModelStalled", true, /stood still for 80 ms/],
];

const SHORT: Record<string, OpenAiSettings> = { ModelTimeout: { firstTokenMs: 120 }, ModelStalled: { idleMs: 80 } };

for (const [name, fault, code, retryable, message] of FAILURES) {
  test(`${name} is ${code}`, async (context) => {
    const fake = await fakeModel(context, { reply: "a b c", faults: [{ fault }] });
    // Only what should be too late has a short time, so that a busy machine changes nothing.
    const model = openAi(fake, SHORT[code] ?? {});
    context.after(() => model.close());
    const error = await failureOf(collect(model, ask("x")));
    assert.equal(error.code, code, error.message);
    assert.equal(error.retryable, retryable);
    assert.match(error.message, message);
    if (fault.kind === "stall") assert.equal((await fake.journal.until(() => true)).outcome, "aborted");
  });
}

test("a wrong key names the setting and never the key", async (context) => {
  const fake = await fakeModel(context, { keys: ["right"] });
  const model = openAi(fake, { apiKey: "sk-wrong-key-123" });
  context.after(() => model.close());
  for (const error of [await failureOf(collect(model, ask("x"))), await failureOf(model.probe(NEVER))]) {
    assert.equal(error.code, "ModelUnauthorized");
    assert.match(error.message, /OPENAI_API_KEY/);
    assert.doesNotMatch(JSON.stringify(error.toBody()), /sk-wrong/);
  }
});

test("an unknown model is named with the address", async (context) => {
  const fake = await fakeModel(context, { models: ["real"] });
  const model = openAi(fake, { model: "imaginary" });
  context.after(() => model.close());
  const error = await failureOf(collect(model, ask("x")));
  assert.equal(error.code, "ModelNotFound");
  assert.match(error.message, /"imaginary".*127\.0\.0\.1/);
});

test("a dead server and an unknown host name host and port", async () => {
  const dead = openAiModel({ baseUrl: "http://127.0.0.1:9/v1", model: "m" });
  const error = await failureOf(collect(dead, ask("x")));
  assert.equal(error.code, "ModelUnreachable");
  assert.match(error.message, /127\.0\.0\.1:9 cannot be reached: nothing listens there/);
  await dead.close();
  const unknown = openAiModel({ baseUrl: "http://no-such-host.invalid/v1", model: "m" });
  assert.match((await failureOf(unknown.probe(NEVER))).message, /no-such-host\.invalid:80 cannot be reached/);
  await unknown.close();
  assert.throws(() => openAiModel({ baseUrl: "localhost:11434" }), { code: "InvalidConfig" });
});

test("a TLS failure says so", async (context) => {
  const fake = await fakeModel(context);
  const model = openAiModel({ baseUrl: fake.url.replace("http:", "https:"), model: "m" });
  context.after(() => model.close());
  const error = await failureOf(collect(model, ask("x")));
  assert.equal(error.code, "ModelUnreachable");
  assert.match(error.message, /does not speak TLS/);
});

test("content filter details and retry times survive", async (context) => {
  const fake = await fakeModel(context, {
    faults: [
      { fault: { kind: "filter-prompt" } },
      { fault: { kind: "status", status: 429, headers: { "retry-after-ms": "1500", "retry-after": "60" } } },
    ],
  });
  const model = openAi(fake);
  context.after(() => model.close());
  const filtered = await failureOf(collect(model, ask("x")));
  assert.deepEqual((filtered.details?.filter as { violence?: unknown } | undefined)?.violence, {
    filtered: true,
    severity: "high",
  });
  assert.equal((await failureOf(collect(model, ask("x")))).retryAfterMs, 1500);
});

const UPSTREAM = { host: "a:1", url: "http://a:1/v1", keySource: "KEY", secret: "the-key-itself" };

test("each status and each form of an error body has its code", () => {
  const filter = { violence: { filtered: true } };
  for (const [status, body, code, upstreamCode] of [
    [400, {}, "ModelRejected", undefined],
    [401, {}, "ModelUnauthorized", undefined],
    [402, { error: { message: "Insufficient balance" } }, "ModelQuotaExhausted", undefined],
    [400, { error: { message: "Your credit balance is too low." } }, "ModelQuotaExhausted", undefined],
    [403, { error: { code: "AccessDenied" } }, "ModelUnauthorized", "AccessDenied"],
    [404, { error: { code: "DeploymentNotFound" } }, "ModelNotFound", "DeploymentNotFound"],
    [408, {}, "ModelTimeout", undefined],
    [409, {}, "ModelFailed", undefined],
    [413, {}, "ModelInputTooLong", undefined],
    [422, { detail: "no such field" }, "ModelRejected", undefined],
    [400, { message: "This model's maximum context length is 5 tokens" }, "ModelInputTooLong", undefined],
    [400, { error: { message: "prompt is too long: 9 tokens" } }, "ModelInputTooLong", undefined],
    [429, {}, "ModelRateLimited", undefined],
    [429, { error: { code: 429 } }, "ModelRateLimited", "429"],
    [429, { error: { type: "insufficient_quota" } }, "ModelQuotaExhausted", undefined],
    [500, {}, "ModelFailed", undefined],
    [529, {}, "ModelFailed", undefined],
    [400, { error: { code: "content_filter" } }, "ModelContentFiltered", "content_filter"],
    [
      400,
      { error: { innererror: { code: "ResponsibleAIPolicyViolation" } } },
      "ModelContentFiltered",
      "ResponsibleAIPolicyViolation",
    ],
    [400, { error: { innererror: { content_filter_result: filter } } }, "ModelContentFiltered", undefined],
    [400, { error: { inner_error: { content_filter_results: filter } } }, "ModelContentFiltered", undefined],
  ] as const) {
    const text = JSON.stringify(body);
    const error = statusFailure(UPSTREAM, status, { headers: {}, body: text, model: "m" });
    assert.deepEqual([error.code, error.details?.["upstreamCode"]], [code, upstreamCode], `${status} ${text}`);
    assert.equal(error.details?.["upstreamStatus"], status);
    if (text.includes("violence")) assert.deepEqual(error.details?.["filter"], filter);
  }
  for (const [code, wanted] of [
    ["429", "ModelRateLimited"],
    ["401", "ModelUnauthorized"],
    ["server_error", "ModelFailed"],
    ["content_filter", "ModelFailed"],
  ]) {
    assert.equal(chunkFailure(UPSTREAM, { error: { code, message: "it broke" } }).code, wanted, code);
  }
});

test("a wait counts with 429, 503 and 529, and who forbids to ask again is believed", () => {
  const told = (status: number, headers: Record<string, string>): unknown[] => {
    const { retryAfterMs, retryable } = statusFailure(UPSTREAM, status, { headers, body: "" });
    return [retryAfterMs, retryable];
  };
  const wait = { "retry-after-ms": "700" };
  assert.deepEqual(told(429, wait), [700, true]);
  assert.deepEqual(told(503, wait), [700, true]);
  assert.deepEqual(told(529, wait), [700, true]);
  assert.deepEqual(told(500, wait), [undefined, true]);
  assert.deepEqual(told(500, { "x-should-retry": "false" }), [undefined, false]);
  assert.deepEqual(told(400, { "x-should-retry": "true" }), [undefined, false]);
});

test("a server that repeats a key, ours or another, does not bring it into messages and records", () => {
  const said = "Incorrect API key provided: the-key-itself, or sk-proj-0123456789, or sk-abcd*****wxyz.";
  for (const body of [said, JSON.stringify({ error: { message: said } }), JSON.stringify({ detail: said })]) {
    const error = statusFailure(UPSTREAM, 401, { headers: {}, body });
    const told = JSON.stringify([error.message, error.details]);
    assert.doesNotMatch(told, /the-key-itself|sk-/);
    assert.match(told, /Incorrect API key provided: \*{6}, or \*{6}, or \*{6}/);
  }
  const long = statusFailure(UPSTREAM, 502, { headers: {}, body: JSON.stringify({ error: "x".repeat(9000) }) });
  assert.ok(long.message.length < 1000 && JSON.stringify(long.details).length < 5000, "a proxy's page is cut");
});
