import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { HttpAgent, type BaseEvent } from "@ag-ui/client";
import { AIChatProtocolClient } from "@microsoft/ai-chat-protocol";
import { FlowsteadError } from "../../src/base/error/error.ts";
import type { Entry } from "../../src/entry/server.ts";
import type { FlowEvent } from "../../src/flow/event.ts";
import { PRIMARY_KEY, openTestEntry } from "../fake/entry.ts";
import { end, scriptedTarget, start, text } from "../fake/target.ts";

const authorization = `Bearer ${PRIMARY_KEY}`;
const node = (type: "node-start" | "node-end", name: string): FlowEvent =>
  type === "node-start"
    ? { type, node: name, kind: "python", tool: "x", time: 0 }
    : { type, node: name, status: "completed", time: 0, durationMs: 1 };
const documents = [{ text: "26 days", metadata: { title: "Handbook", source: { filename: "handbook.md" } } }];
const failure = new FlowsteadError("Unexpected", "the flow broke").toBody();

const target = scriptedTarget(function* (call) {
  const { question } = call.inputs;
  if (question === "refused") {
    yield {
      type: "error",
      time: 0,
      error: new FlowsteadError("TooManyRequests", "Too many pending requests", { retryAfterMs: 1500 }).toBody(),
    };
    return;
  }
  if (question === "canceled") {
    yield { type: "error", time: 0, error: new FlowsteadError("Canceled", "stopped below").toBody() };
    return;
  }
  yield start();
  yield node("node-start", "search");
  if (question === "restarted") {
    yield { type: "restart", reason: "lost" };
    yield start();
    yield node("node-start", "search");
  }
  yield { type: "output", name: "documents", value: documents };
  yield node("node-end", "search");
  yield node("node-start", "answer");
  yield text("Hello ");
  if (question === "fail") {
    yield { type: "error", time: 0, error: failure };
    return;
  }
  yield text("there");
  yield node("node-end", "answer");
  yield { ...end({ answer: "Hello there" }), outputs: { answer: "Hello there", documents } } as FlowEvent;
});

let entry: Entry;
before(async () => {
  entry = await openTestEntry(target);
});
after(() => entry.close(0));

function agent(question: string): HttpAgent {
  return new HttpAgent({
    url: `${entry.url}/endpoints/chat/agui`,
    headers: { authorization },
    threadId: "thread-1",
    initialMessages: [
      { id: "1", role: "user", content: "And you?" },
      { id: "2", role: "assistant", content: "I am well." },
      { id: "3", role: "user", content: question },
    ],
  });
}

async function run(
  question: string,
): Promise<{ types: string[]; messages: unknown[]; custom: unknown; failed?: Error }> {
  const types: string[] = [];
  let custom: unknown;
  const asked = agent(question);
  let failed: Error | undefined;
  await asked
    .runAgent(
      { runId: "run-1" },
      {
        onEvent: ({ event }: { event: BaseEvent }) => void types.push(event.type),
        onCustomEvent: ({ event }) => void (custom = event.value),
      },
    )
    .catch((thrown: Error) => (failed = thrown));
  return { types, messages: asked.messages, custom, ...(failed ? { failed } : {}) };
}

test("AG-UI: the official client reads steps, documents and the answer", async () => {
  const { types, messages, custom, failed } = await run("hi");
  assert.equal(failed, undefined);
  assert.deepEqual(types, [
    "RUN_STARTED",
    "STEP_STARTED",
    "CUSTOM",
    "STEP_FINISHED",
    "STEP_STARTED",
    "TEXT_MESSAGE_START",
    "TEXT_MESSAGE_CONTENT",
    "TEXT_MESSAGE_CONTENT",
    "STEP_FINISHED",
    "TEXT_MESSAGE_END",
    "RUN_FINISHED",
  ]);
  const last = messages.at(-1) as { role: string; content: string };
  assert.deepEqual([last.role, last.content], ["assistant", "Hello there"]);
  assert.deepEqual(custom, documents);
  assert.deepEqual(target.calls.at(-1)?.inputs, {
    question: "hi",
    chat_history: [{ inputs: { question: "And you?" }, outputs: { answer: "I am well." } }],
  });
});

test("AG-UI: a run that began anew is one run, and a failure ends it with an error", async () => {
  const restarted = await run("restarted");
  assert.equal(restarted.failed, undefined);
  assert.equal(restarted.types.filter((type) => type === "RUN_STARTED").length, 1);
  assert.equal(restarted.types.at(-1), "RUN_FINISHED");
  const broken = await run("fail");
  assert.equal(broken.types.at(-1), "RUN_ERROR");
  const refused = await run("refused");
  assert.match(String(refused.failed), /429/);
});

function chatClient(): AIChatProtocolClient {
  return new AIChatProtocolClient(`${entry.url}/endpoints/chat/chat`, {
    allowInsecureConnection: true,
    retryOptions: { maxRetries: 0 },
  });
}
const options = { requestOptions: { headers: { authorization } } };

test("Microsoft chat protocol: the official client gets an answer, its context and its session state", async () => {
  const answer = await chatClient().getCompletion([{ role: "user", content: "hi" }], {
    ...options,
    sessionState: { id: 7 },
  });
  assert.equal(answer.message.content, "Hello there");
  assert.deepEqual(answer.context, { data_points: { text: ["handbook.md: 26 days"] } });
  assert.deepEqual(answer.sessionState, { id: 7 });
});

test("Microsoft chat protocol: the official client streams lines", async () => {
  let said = "";
  let context: unknown;
  for await (const piece of await chatClient().getStreamedCompletion([{ role: "user", content: "hi" }], options)) {
    said += piece.delta.content ?? "";
    context ??= piece.context;
  }
  assert.equal(said, "Hello there");
  assert.deepEqual(context, { data_points: { text: ["handbook.md: 26 days"] } });
});

test("faces refuse as the endpoint does: without a key, without a question, after the limit", async () => {
  const post = (path: string, body: unknown, headers: Record<string, string> = { authorization }): Promise<Response> =>
    fetch(`${entry.url}/endpoints/chat/${path}`, { method: "POST", body: JSON.stringify(body), headers });
  const hi = { messages: [{ role: "user", content: "hi" }] };
  assert.equal((await post("chat", hi, {})).status, 401);
  assert.equal((await post("chat", {})).status, 400);
  assert.equal((await post("agui", hi)).status, 400);
  assert.equal((await post("chat", hi, { authorization, "azureml-model-deployment": "green" })).status, 404);
  assert.equal((await post("chat/stream", { messages: [{ role: "user", content: "refused" }] })).status, 429);
  for (const path of ["chat", "chat/stream"]) {
    for (const name of ["session_state", "sessionState"]) {
      const said = await (await post(path, { ...hi, [name]: "seven" })).text();
      const { session_state: one, sessionState: other } = JSON.parse(said.split("\n")[0] ?? "") as typeof hi & {
        session_state?: string;
        sessionState?: string;
      };
      assert.deepEqual([one, other], ["seven", "seven"], `${path} ${name}`);
    }
  }
});

test("a failure has one code, before the first byte with a status and after it as the last line", async () => {
  const send = (path: string, question: string): Promise<Response> =>
    fetch(`${entry.url}/endpoints/chat/${path}`, {
      method: "POST",
      body: JSON.stringify({ messages: [{ role: "user", content: question }] }),
      headers: { authorization },
    });
  const broken = { error: { code: "Unexpected", message: "the flow broke" } };
  const stream = await send("chat/stream", "fail");
  assert.equal(stream.status, 200);
  assert.deepEqual(JSON.parse((await stream.text()).trim().split("\n").at(-1) ?? ""), broken);
  // Nothing has been sent before the end: the failure has a status.
  const whole = await send("chat", "fail");
  assert.deepEqual([whole.status, await whole.json()], [500, broken]);
  for (const path of ["chat", "chat/stream"]) {
    const refused = await send(path, "refused");
    const { error } = (await refused.json()) as typeof broken;
    assert.deepEqual(
      [refused.status, error, refused.headers.get("retry-after"), refused.headers.get("retry-after-ms")],
      [429, { code: "TooManyRequests", message: "Too many pending requests" }, "2", "1500"],
    );
  }
  assert.equal((await send("chat", "canceled")).status, 408, "a status that servers have");
  const asked = chatClient().getCompletion([{ role: "user", content: "fail" }], options);
  await assert.rejects(asked, { code: "Unexpected", message: "the flow broke" });
});
