import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import { BUILT_IN_TOOLS, localResources, openConnections, openFlow, openModel } from "../src/index.ts";

test("a program runs a flow with the public API alone", async (context) => {
  const model = openModel({ provider: "extractive" });
  const resources = localResources({
    models: new Map([["fixture_model", model]]),
    connections: openConnections({ entries: [], env: {} }),
    embedder: undefined,
    openIndex: () => Promise.reject(new Error("no index here")),
    log: pino({ level: "silent" }),
  });
  const flow = await openFlow({ directory: "test/fixture/flow/stream", tools: BUILT_IN_TOOLS, resources });
  context.after(() => Promise.all([flow.close(), resources.close()]));
  let answer = "";
  const call = { inputs: { question: "Who are you?", chat_history: [] } };
  for await (const event of flow.invoke(call, new AbortController().signal)) {
    if (event.type === "text-delta") answer += event.text;
    if (event.type === "error") assert.fail(event.error.message);
  }
  assert.match(answer, /can only quote sentences of documents/);
});
