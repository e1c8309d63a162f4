// The traffic log: a line for each call of an endpoint, whichever face it came by.

import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { FlowsteadError } from "../../src/base/error/error.ts";
import type { TrafficLine } from "../../src/endpoint/log/journal.ts";
import type { Entry } from "../../src/entry/server.ts";
import { PRIMARY_KEY, openTestEntry } from "../fake/entry.ts";
import { end, scriptedTarget, start, text } from "../fake/target.ts";

const lines: TrafficLine[] = [];
const journal = {
  traffic: (line: TrafficLine) => {
    lines.push(line);
  },
  console: () => {},
  event: () => {},
  text: async () => "",
  flush: async () => {},
};
let entry: Entry;
before(async () => {
  const target = scriptedTarget(async function* ({ inputs }, signal) {
    yield start();
    if (inputs.question === "fail") {
      yield { type: "error", time: 0, error: new FlowsteadError("InvalidRequest", "bad question").toBody() };
      return;
    }
    if (inputs.question === "slow") await delay(120);
    yield text("Hello");
    if (inputs.question === "wait")
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    yield end({ answer: "Hello" });
  });
  entry = await openTestEntry(target, { journal });
});
after(() => entry.close(0));

async function post(path: string, body: object, key = PRIMARY_KEY): Promise<number> {
  const response = await fetch(entry.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await response.text();
  return response.status;
}

test("a call leaves one line with its deployment and status, by every face", async () => {
  const messages = [{ role: "user", content: "Hi", id: "1" }];
  const agui = { threadId: "t", runId: "r", messages, tools: [], context: [], state: {}, forwardedProps: {} };
  const calls: [string, object][] = [
    ["/endpoints/chat/score", { question: "Hi", chat_history: [] }],
    ["/endpoints/chat/chat", { messages }],
    ["/endpoints/chat/chat/stream", { messages }],
    ["/endpoints/chat/agui", agui],
    ["/v1/chat/completions", { model: "chat", messages }],
    ["/v1/chat/completions", { model: "chat/blue", messages, stream: true }],
  ];
  for (const [path, body] of calls) assert.equal(await post(path, body), 200, path);
  assert.equal(await post("/endpoints/chat/chat", { messages }, "wrong"), 401);
  // Calls that are for no endpoint leave none: names that callers make up would be names of files.
  assert.equal(await post("/endpoints/nobody/score", {}), 401);
  assert.equal(await post("/v1/chat/completions", { model: "nobody", messages }), 404);
  for (const deadline = Date.now() + 10_000; lines.length < 7 && Date.now() < deadline;)
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(
    lines.map(({ Path, EndpointName, DeploymentName, ResponseCode }) => [
      Path,
      EndpointName,
      DeploymentName,
      ResponseCode,
    ]),
    [...calls.map(([path]) => [path, "chat", "blue", 200]), ["/endpoints/chat/chat", "chat", "", 401]],
  );
});

test("a line has the original's columns: sizes, ids, durations, the flow's own status, and who went away", async () => {
  lines.length = 0;
  const send = (question: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> =>
    fetch(`${entry.url}/endpoints/chat/score`, {
      method: "POST",
      headers: { authorization: `Bearer ${PRIMARY_KEY}`, "user-agent": "tester/1", ...headers },
      body: JSON.stringify({ question }),
      ...(signal ? { signal } : {}),
    });
  const taken = async (count: number): Promise<void> => {
    for (const deadline = Date.now() + 20_000; lines.length < count && Date.now() < deadline;)
      await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const answer = await send("Hi", { "x-ms-client-request-id": "mine" });
  const size = (await answer.arrayBuffer()).byteLength;
  await taken(1);
  const { TotalDurationMs, RequestDurationMs, ResponseDurationMs, ...line } = lines[0] as TrafficLine;
  assert.deepEqual(line, {
    Method: "POST",
    Path: "/endpoints/chat/score",
    EndpointName: "chat",
    DeploymentName: "blue",
    Protocol: "HTTP/1.1",
    ResponseCode: 200,
    ResponseCodeReason: "OK",
    RequestPayloadSize: Buffer.byteLength('{"question":"Hi"}'),
    ResponsePayloadSize: size,
    UserAgent: "tester/1",
    XRequestId: answer.headers.get("x-request-id"),
    XMSClientRequestId: "mine",
    RequestThrottlingDelayMs: 0,
    ResponseThrottlingDelayMs: 0,
  });
  assert.ok(0 <= RequestDurationMs && RequestDurationMs <= ResponseDurationMs && ResponseDurationMs <= TotalDurationMs);

  assert.equal((await send("fail")).status, 424);
  await taken(2);
  assert.deepEqual([lines[1]?.ModelStatusCode, lines[1]?.ModelStatusReason], [400, "bad question"]);

  const leaving = new AbortController();
  const left = send("wait", {}, leaving.signal).catch(() => {});
  setTimeout(() => leaving.abort(), 100);
  await left;
  await taken(3);
  assert.equal(lines[2]?.ResponseCode, 499);
});

test("what a caller takes to send and what a flow takes to answer are told apart", async () => {
  lines.length = 0;
  const slow = request(`${entry.url}/endpoints/chat/score`, {
    method: "POST",
    headers: { authorization: `Bearer ${PRIMARY_KEY}`, "transfer-encoding": "chunked", expect: "100-continue" },
  });
  const answered = new Promise((resolve) => slow.once("response", (answer) => answer.resume().once("end", resolve)));
  slow.flushHeaders();
  // From here on the server waits for the body, however late it came to it.
  await new Promise((resolve) => slow.once("continue", resolve));
  await delay(120);
  slow.write('{"question": ');
  slow.end('"slow"}');
  await answered;
  for (const deadline = Date.now() + 20_000; lines.length < 1 && Date.now() < deadline;) await delay(5);
  const { RequestDurationMs, ResponseDurationMs, RequestPayloadSize } = lines[0] as TrafficLine;
  assert.ok(RequestDurationMs >= 100, `${RequestDurationMs} ms to send`);
  assert.ok(ResponseDurationMs - RequestDurationMs >= 100, `${ResponseDurationMs - RequestDurationMs} ms to answer`);
  assert.ok(RequestPayloadSize > 0, "a body whose length was not announced has one, too");
});
