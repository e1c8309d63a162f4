// What is written down of endpoints: rolling files, masked secrets, collected inputs and outputs.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openCollector } from "../../../src/endpoint/log/data-collector.ts";
import { openJournal } from "../../../src/endpoint/log/journal.ts";
import { redactor } from "../../../src/endpoint/log/redaction.ts";
import { rollingFile } from "../../../src/endpoint/log/rolling-file.ts";
import { instanceLog } from "../../../src/endpoint/log/instance-log.ts";
import { readSpecification } from "../../../src/endpoint/specification/read-specification.ts";
import type { DeploymentSpec } from "../../../src/endpoint/specification/deployment-spec.ts";
import type { FlowEvent } from "../../../src/flow/event.ts";
import { writeFolder } from "../../flow/flow-folder.ts";

const SECRET = "a-value-that-nobody-may-see";
const redact = redactor(() => [SECRET]);

test("a log rolls at its size, keeps some files, and its tail goes over them", async (context) => {
  const folder = writeFolder(context, {});
  const file = rollingFile(path.join(folder, "deep", "log.jsonl"), { maxBytes: 100, kept: 2 });
  for (let number = 1; number <= 40; number++) {
    file.write(`line ${number}`.padEnd(30));
    await file.flush();
  }
  assert.deepEqual(readdirSync(path.join(folder, "deep")).toSorted(), ["log.jsonl", "log.jsonl.1", "log.jsonl.2"]);
  const lines = (await file.tail(5)).map((line) => line.trim());
  assert.deepEqual(lines, ["line 36", "line 37", "line 38", "line 39", "line 40"]);
});

test("secrets are masked by their value and by their form, other words stay", () => {
  const forms = [
    `got ${SECRET}`,
    "Bearer abcdefghijklmnop",
    "basic dXNlcjpwYXNz==",
    '"api_key": "1234567890"',
    "sk-abcdefghijklmnopqrst",
    "pk-abcdefghijklmnopqrst",
    "token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhcHAifQ.c2lnbmF0dXJl",
    "password=hunter22",
    "client_secret: hunter22",
    "AccountKey=abc+/==;EndpointSuffix",
  ];
  for (const form of forms) {
    const clean = redact(`a plain word, ${form}; a token of the text`);
    assert.match(clean, /\*{6}/, clean);
    assert.ok(clean.startsWith("a plain word") && clean.endsWith("a token of the text"), clean);
    assert.doesNotMatch(clean, /hunter22|abcdefghij|1234567890|eyJ|dXNlcjpwYXNz|abc\+|nobody-may-see/, clean);
  }
});

test("a value too short to be a secret's masks no words", () => {
  const short = redactor(() => ["the", "1234567", "12345678"]);
  assert.equal(short("the 1234567 and the 12345678"), "the 1234567 and the ******");
});

test("instances' events have the original's words, and what they print is kept by instance", async (context) => {
  const folder = writeFolder(context, {});
  const journal = openJournal({ folder, redact });
  const place = { endpoint: "chat", deployment: "blue" };
  const log = instanceLog(journal, place, "Flow flows/chat is read where it lies.");
  const instance = { name: "blue-1", zone: "1", restarts: 0, problem: undefined as string | undefined };
  log.onState({ ...instance, state: "starting" });
  log.onState({ ...instance, state: "ready" });
  log.onState({ ...instance, state: "ready" });
  log.onTrouble("blue-1", { name: "LivenessProbeFailed", message: "it does not answer" });
  log.onState({ ...instance, state: "backing-off", problem: `ended by SIGKILL over ${SECRET}` });
  log.onState({ ...instance, restarts: 1, state: "starting" });
  log.onState({ ...instance, restarts: 1, state: "stopped" });
  log.onLine("blue-1", `[request-7] node: ${SECRET}`);
  await journal.flush();
  const lines = (name: string): Record<string, string>[] =>
    readFileSync(path.join(folder, "chat/blue", name), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, string>);
  assert.deepEqual(
    lines("event.jsonl").map(({ Name }) => Name),
    ["Pulled", "Created", "Started", "LivenessProbeFailed", "BackOff", "Created", "Killing"],
  );
  const [printed] = lines("console.jsonl");
  assert.deepEqual([printed?.["InstanceId"], printed?.["Message"]], ["blue-1", "[request-7] node: ******"]);
  const text = await journal.text(place, { lines: 1, container: "inference-server" });
  assert.match(text, /Name: BackOff, Instance: blue-1.*ended by SIGKILL over \*{6}\./);
  assert.ok(text.trimEnd().endsWith("blue-1 [request-7] node: ******"));
  // However long a line is and however many events there were, what is kept and shown has an end.
  for (let number = 0; number < 60; number++) {
    journal.event(place, "blue-1", { name: "BackOff", message: number < 59 ? "again" : "b".repeat(20_000) });
  }
  await journal.flush();
  const long = await journal.text(place, { lines: 1, container: "inference-server" });
  assert.equal(long.match(/Name: BackOff/g)?.length, 50);
  assert.equal(/b{100,}/.exec(long)?.[0].length, 16_384);
  const fetched = await journal.text(place, { lines: 2, container: "storage-initializer" });
  assert.match(fetched, /^Instance events:\nKind: .* Name: BackOff.*\nKind: .* Name: BackOff, [^\n]*\n$/);
});

test("a sampled share of the calls leaves inputs and outputs in the original's layout", async (context) => {
  const folder = writeFolder(context, {});
  let draw = 0;
  const collector = openCollector({ folder, redact, random: () => (draw++ % 10) / 10 });
  const map = {
    name: "blue",
    endpoint_name: "chat",
    model: { path: "flow", version: "3" },
    data_collector: {
      sampling_rate: 0.2,
      rolling_rate: "hour",
      collections: {
        model_inputs: { enabled: "True" },
        model_outputs: { enabled: true },
        request: { enabled: "false" },
        response: { enabled: "true" },
      },
    },
  };
  const spec = readSpecification(map, "blue", { accepted: true }).spec as DeploymentSpec;
  async function* events(question: string): AsyncGenerator<FlowEvent> {
    const outputs = { plain: ["answer"], streamed: [] };
    yield { type: "flow-start", runId: "r", flow: "f", time: 0, inputs: { question, key: SECRET }, outputs };
    const usage = { promptTokens: 0, completionTokens: 0, totalTokens: 0 };
    yield { type: "flow-end", time: 1, durationMs: 1, outputs: { answer: `to ${question}` }, usage };
  }
  for (let call = 0; call < 50; call++) {
    const seen: string[] = [];
    for await (const event of collector.watch(spec, `request-${call}`, events(`question ${call}`)))
      seen.push(event.type);
    assert.deepEqual(seen, ["flow-start", "flow-end"]);
  }
  await collector.flush();
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".jsonl"));
  for (const file of files)
    assert.match(file, /^chat\/blue\/(model_(in|out)puts|response)\/\d{4}\/\d\d\/\d\d\/\d\d\/\d+\.jsonl$/);
  const rows = (collection: string): { data: Record<string, string>[]; type: string; xrequestid: string }[] =>
    files
      .filter((file) => file.includes(collection))
      .flatMap((file) => readFileSync(path.join(folder, file), "utf8").trim().split("\n"))
      .map((line) => JSON.parse(line) as { data: Record<string, string>[]; type: string; xrequestid: string });
  assert.equal(rows("model_inputs").length, 10);
  assert.deepEqual(rows("model_outputs")[0]?.data, [{ answer: "to question 0" }]);
  assert.deepEqual(rows("response")[0]?.data, { answer: "to question 0" });
  assert.match(JSON.stringify(rows("response")[0]), /"modelversion":"3"/);
  const [input] = rows("model_inputs");
  assert.deepEqual(
    [input?.type, input?.xrequestid, input?.data],
    ["azureml.inference.model_inputs", "request-0", [{ question: "question 0", key: "******" }]],
  );
});

test("collected data begins a new file with each span of the rolling rate", async (context) => {
  const folder = writeFolder(context, {});
  let now = 0;
  const collector = openCollector({ folder, redact, clock: () => new Date(now) });
  async function* events(): AsyncGenerator<FlowEvent> {
    yield { type: "flow-start", runId: "r", flow: "f", time: 0, inputs: {}, outputs: { plain: [], streamed: [] } };
  }
  for (const rate of ["minute", "hour", "day", "month", "year"]) {
    const map = {
      name: rate,
      endpoint_name: "chat",
      model: { path: "flow" },
      data_collector: { rolling_rate: rate, collections: { request: { enabled: true } } },
    };
    const spec = readSpecification(map, rate, { accepted: true }).spec as DeploymentSpec;
    for (const time of [
      "2026-05-17T10:20:30Z",
      "2026-05-17T10:20:59Z",
      "2026-05-17T10:21:00Z",
      "2026-05-18T10:20:30Z",
    ]) {
      now = Date.parse(time);
      for await (const event of collector.watch(spec, "request", events())) assert.equal(event.type, "flow-start");
    }
  }
  await collector.flush();
  const files = (name: string): string[] =>
    readdirSync(path.join(folder, "chat", name), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".jsonl"))
      .toSorted();
  assert.deepEqual(files("minute"), [
    "request/2026/05/17/10/202605171020.jsonl",
    "request/2026/05/17/10/202605171021.jsonl",
    "request/2026/05/18/10/202605181020.jsonl",
  ]);
  assert.deepEqual(files("hour"), [
    "request/2026/05/17/10/202605171000.jsonl",
    "request/2026/05/18/10/202605181000.jsonl",
  ]);
  assert.deepEqual(files("day"), [
    "request/2026/05/17/00/202605170000.jsonl",
    "request/2026/05/18/00/202605180000.jsonl",
  ]);
  assert.deepEqual(files("month"), ["request/2026/05/01/00/202605010000.jsonl"]);
  assert.deepEqual(files("year"), ["request/2026/01/01/00/202601010000.jsonl"]);
});

test("callers' words in the traffic log are masked and cut", async (context) => {
  const folder = writeFolder(context, {});
  const journal = openJournal({ folder, redact });
  const line = { EndpointName: "chat", Path: `/x/${SECRET}`, UserAgent: "a".repeat(200) };
  journal.traffic(line as Parameters<typeof journal.traffic>[0]);
  await journal.flush();
  const { Path, UserAgent } = JSON.parse(readFileSync(path.join(folder, "chat/traffic.jsonl"), "utf8")) as typeof line;
  assert.deepEqual([Path, UserAgent], ["/x/******", "a".repeat(70)]);
});
