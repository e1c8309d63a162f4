// A node that asks for several choices, or for probabilities: the model is asked so, and the node gives the first choice.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Connection } from "../../src/connection/connection.ts";
import type { ChatChunk } from "../../src/model/chat-model.ts";
import { ChatAnswer } from "../../src/tool/collect-chat.ts";
import type { FakeModelServer } from "../../src/model/fake/server.ts";
import { connectionModel } from "../../src/model/provider/connection.ts";
import { openModel } from "../../src/model/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { openFiles, runFlow } from "../flow/flow-folder.ts";

interface Asked {
  api: "chat" | "completion";
  inputs: string;
  streaming: boolean;
  type?: "AzureOpenAIConnection" | "OpenAIConnection";
}

async function ask(context: TestContext, fake: FakeModelServer, asked: Asked) {
  const { api, inputs, streaming, type = "AzureOpenAIConnection" } = asked;
  const configs: Connection["configs"] =
    type === "OpenAIConnection" ? { base_url: `${fake.url}/v1` } : { api_base: fake.url };
  const connection: Connection = { name: "c", type, configs, secrets: { api_key: "k" } };
  const model = openModel(connectionModel(connection));
  context.after(() => model.close());
  const files = {
    "flow.dag.yaml": [
      "inputs: {}",
      "outputs: {o: {type: string, reference: '${n.output}'}}",
      "nodes:",
      `- {name: n, type: llm, source: {path: n.jinja2}, connection: c, api: ${api}, inputs: {${inputs}}}`,
      "",
    ].join("\n"),
    "n.jinja2":
      api === "chat" ? `# user:\nOne two three${type === "OpenAIConnection" ? " {{n}}" : ""}` : "One two three",
  };
  const target = await openFiles(context, files, { model, connections: [connection], streaming });
  const { outputs, events } = await runFlow(target);
  const usage = events.flatMap((event) => (event.type === "node-end" ? [event.usage] : []))[0];
  return { output: outputs?.["o"], tokens: usage?.totalTokens };
}

for (const streaming of [false, true]) {
  test(`the first of two choices, ${streaming ? "as a stream" : "whole"}; all are counted`, async (context) => {
    const fake = await fakeModel(context);
    const nodes = [
      ["chat", "deployment_name: d, n: 2"],
      ["completion", "deployment_name: d, n: '2', best_of: 3, logprobs: 2"],
    ] as const;
    for (const [api, inputs] of nodes) {
      fake.journal.clear();
      const { output, tokens } = await ask(context, fake, { api, inputs, streaming });
      assert.match(String(output), /^MOCK:One two three ?$/, api);
      const [entry] = fake.journal.entries;
      const body = entry?.body as Record<string, unknown>;
      assert.equal(body["n"], 2);
      if (api === "completion") assert.deepEqual([body["best_of"], body["logprobs"]], [3, 2]);
      assert.equal(tokens, entry?.usage.total_tokens, "what the second choice cost is counted");
    }
  });
}

test("the chat of OpenAI's connection has no parameter n: it is a variable of the template, as in the original", async (context) => {
  const fake = await fakeModel(context);
  const asked = { api: "chat", inputs: "model: m, n: 2", streaming: false, type: "OpenAIConnection" } as const;
  const { output } = await ask(context, fake, asked);
  assert.equal(output, "MOCK:One two three 2");
  const [entry] = fake.journal.entries;
  assert.ok(entry);
  assert.equal((entry.body as Record<string, unknown>)["n"], undefined);
});

test("choices that come in chunks of their own are not mixed; the usage is the last that was told", () => {
  const answer = new ChatAnswer();
  const chunk = (index: number, content: string): ChatChunk => ({
    id: "1",
    created: 0,
    model: "m",
    choices: [{ index, delta: { content }, finish_reason: null }],
  });
  const pieces = [chunk(1, "other "), chunk(0, "One "), chunk(1, "text"), chunk(0, "two")];
  assert.deepEqual(
    pieces.map((piece) => answer.add(piece)),
    ["", "One ", "", "two"],
  );
  assert.equal(answer.content, "One two");
  for (const completion_tokens of [1, 4]) {
    const usage = { prompt_tokens: 2, completion_tokens, total_tokens: 2 + completion_tokens };
    answer.add({ ...chunk(0, ""), choices: [], usage });
  }
  assert.equal(answer.usage?.total_tokens, 6);
});
