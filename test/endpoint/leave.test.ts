// A caller who goes away: the model's call is ended and the author's code stopped, for JSON and for a stream, of a flow that
// is served alone and of a deployment.

import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SILENT } from "../../src/base/log.ts";
import { flowServer } from "../../src/endpoint/flow-server.ts";
import type { Target } from "../../src/flow/target.ts";
import { type FakeModelServer, startFakeModel } from "../../src/model/fake/server.ts";
import { azureOpenAiModel } from "../../src/model/provider/azure-openai.ts";
import { PRIMARY_KEY, openTestEntry } from "../fake/entry.ts";
import { openFiles } from "../flow/flow-folder.ts";

const FLOW = {
  "flow.dag.yaml": `inputs: {question: {type: string}}
outputs: {answer: {type: string, reference: '\${ask.output}'}}
nodes:
- name: ask
  type: llm
  source: {type: code, path: ask.jinja2}
  inputs: {deployment_name: gpt, question: '\${inputs.question}'}
  connection: azure
  api: chat
  activate: {when: '\${code.output}', is: model}
- name: code
  type: python
  source: {type: code, path: code.py}
  inputs: {question: '\${inputs.question}', connection: azure}
`,
  "ask.jinja2": "user:\n{{question}}\n",
  // Waits in C code, as an official client does.
  "code.py": `import json
import urllib.request
from promptflow.connections import AzureOpenAIConnection
from promptflow.core import tool

@tool
def code(question: str, connection: AzureOpenAIConnection):
    if not question.startswith("code"):
        return "model"
    url = connection.api_base + "/openai/deployments/gpt/chat/completions?api-version=v1"
    body = json.dumps({"messages": [{"role": "user", "content": question}]}).encode()
    return urllib.request.urlopen(urllib.request.Request(url, body, {"api-key": "k"})).read().decode()
`,
};

let model: FakeModelServer;

before(async () => {
  // Such an answer begins and then stands still, so that none is over before its caller has left.
  model = await startFakeModel({
    script: { reply: "one two three four", faults: [{ times: 0, contains: "never", fault: { kind: "stall", at: 2 } }] },
  });
});
after(() => model.close());

test("whoever goes away stops the model's call and the author's code", async (context) => {
  const chat = azureOpenAiModel({ endpoint: model.url, apiKey: "k", deployment: "gpt" });
  const configs = { api_base: model.url, api_version: "v1" };
  const connections = [{ name: "azure", type: "AzureOpenAIConnection" as const, configs, secrets: { api_key: "k" } }];
  const flow = await openFiles(context, FLOW, { model: chat, connections, python: { cancelGraceMs: 100 } });
  const server = flowServer(flow, { log: SILENT, version: "1" });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const target: Target = {
    describe: () => flow.describe(),
    invoke: (call, signal) => flow.invoke(call, signal),
    close: () => flow.close(),
  };
  const entry = await openTestEntry(target);
  context.after(async () => {
    await entry.close(0);
    server.closeAllConnections();
    server.close();
    await chat.close();
  });
  const urls = {
    alone: `http://127.0.0.1:${(server.address() as AddressInfo).port}/score`,
    deployed: `${entry.url}/endpoints/chat/score`,
  };
  for (const [place, url] of Object.entries(urls)) {
    for (const node of ["model", "code"]) {
      for (const accept of ["application/json", "text/event-stream"]) {
        const question = `${node} ${place} ${accept} never`;
        const isAsked = (request: { body: unknown }): boolean => JSON.stringify(request.body).includes(question);
        const leaving = new AbortController();
        const headers = { accept, authorization: `Bearer ${PRIMARY_KEY}` };
        const body = JSON.stringify({ question });
        const answered = fetch(url, { method: "POST", headers, body, signal: leaving.signal })
          .then((answer) => answer.text())
          .then(
            () => "answered",
            () => "left",
          );
        for (const deadline = Date.now() + 60_000; !model.journal.entries.some(isAsked); await delay(10))
          assert.ok(Date.now() < deadline, `nobody was asked: ${question}`);
        leaving.abort();
        assert.equal(await answered, "left");
        assert.equal((await model.journal.until(isAsked)).outcome, "aborted", question);
      }
    }
  }
  // The flow serves whoever comes next.
  const next = await fetch(urls.alone, { method: "POST", body: '{"question": "model"}' });
  assert.deepEqual(await next.json(), { answer: "one two three four" });
});
