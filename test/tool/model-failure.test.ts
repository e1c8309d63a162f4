// Failures of models, of prompties and of code that asks, in the original's hierarchy of codes and its words.

import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Connection } from "../../src/connection/connection.ts";
import { nestedErrorChain } from "../../src/flow/error-chain.ts";
import { openFlow } from "../../src/flow/flow-target.ts";
import { connectionModel, openModel } from "../../src/model/provider/index.ts";
import { errorRecord } from "../../src/run/error-record.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { flowResources, runFlow, writeFolder } from "../flow/flow-folder.ts";

const REFERENCE = "[Error reference: https://platform.openai.com/docs/guides/error-codes/api-errors]";
const BODY = { error: { message: "bad thing", type: "invalid_request_error", param: null, code: "c0" } };
const SAID = "{'error': {'message': 'bad thing', 'type': 'invalid_request_error', 'param': None, 'code': 'c0'}}";

const FUNCTIONS = "Unrecognized request argument supplied: functions";
const REFUSALS: Readonly<Record<string, string>> = {
  json: JSON.stringify(BODY),
  page: "<html>no</html>",
  functions: JSON.stringify({ error: { ...BODY.error, message: FUNCTIONS } }),
};

/** A path says the status, then what is answered. */
const server = http.createServer((request, response) => {
  const [, status = "", kind = ""] = (request.url ?? "").split("/");
  const message = { role: "assistant", content: decodeURIComponent(kind) };
  const choices = [{ index: 0, finish_reason: "stop", message }];
  const answer = JSON.stringify({ id: "1", object: "chat.completion", created: 1, model: "m", choices });
  response.writeHead(Number(status), { "content-type": "application/json" });
  response.end(status === "200" ? answer : REFUSALS[kind]);
});

let place = "";

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  place = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

/** The code hierarchy and message that records and answers of an endpoint carry. */
async function failure(files: Record<string, string>, file: string, url: string): Promise<[string, string]> {
  const contexts: (() => unknown)[] = [];
  const folder = writeFolder({ after: (last: () => unknown) => contexts.push(last) } as never, files);
  const connection: Connection = {
    name: "c",
    type: "OpenAIConnection",
    configs: { base_url: url },
    secrets: { api_key: "k" },
  };
  const model = openModel(connectionModel(connection));
  const target = await openFlow({
    directory: `${folder}/${file}`,
    tools: BUILT_IN_TOOLS,
    resources: flowResources({ model, connections: [connection] }),
    python: { env: { PATH: process.env["PATH"] } },
    streaming: false,
  });
  try {
    const { error } = await runFlow(target, { q: "x" });
    assert.ok(error, url);
    const record = errorRecord(error);
    return [nestedErrorChain(record as never), record.message];
  } finally {
    await target.close();
    await model.close();
    for (const last of contexts) last();
  }
}

const DAG = {
  "ask.jinja2": "system:\n{{q}}\n",
  "flow.dag.yaml":
    "inputs: {q: {type: string}}\noutputs: {o: {type: string, reference: '${ask.output}'}}\nnodes:\n" +
    "- {name: ask, type: llm, source: {type: code, path: ask.jinja2}, inputs: {model: m, q: '${inputs.q}'}, connection: c, api: chat}\n",
};

function prompty(url: string, head = "", template = "system:\n{{q}}\n"): Record<string, string> {
  const configuration = `configuration: {type: openai, model: m, api_key: k, base_url: "${url}"}`;
  return {
    "ask.prompty": `---\nmodel:\n  api: chat\n  ${configuration}\n${head}inputs: {q: {type: string}}\n---\n${template}`,
  };
}

test("what a model's server refuses is told as the original tells it, by llm nodes and by prompties", async () => {
  const cases: [where: string, name: string, words: string, again: boolean][] = [
    ["400/json", "BadRequestError", `Error code: 400 - ${SAID} ${REFERENCE}`, false],
    ["401/json", "AuthenticationError", `Error code: 401 - ${SAID} ${REFERENCE}`, false],
    ["403/json", "PermissionDeniedError", `Error code: 403 - ${SAID} ${REFERENCE}`, false],
    ["404/empty", "NotFoundError", `Error code: 404 ${REFERENCE}`, false],
    ["409/page", "ConflictError", `<html>no</html> ${REFERENCE}`, false],
    ["418/json", "APIStatusError", `Error code: 418 - ${SAID} ${REFERENCE}`, false],
    ["422/json", "UnprocessableEntityError", `Error code: 422 - ${SAID} ${REFERENCE}`, true],
  ];
  for (const [where, name, words, again] of cases) {
    const message = `${again ? "Exceed max retry times. " : ""}OpenAI API hits ${name}: ${words}`;
    const told = await failure(DAG, "flow.dag.yaml", `${place}/${where}/v1`);
    assert.deepEqual(told, [`UserError/OpenAIError/${name}`, message], where);
    const type = again ? "ExceedMaxRetryTimes" : "WrappedOpenAIError";
    const script = `Execution failure in '_traced_sync.<locals>.wrapped': (${type}) ${message}`;
    const url = `${place}/${where}/v1`;
    assert.deepEqual(
      await failure(prompty(url), "ask.prompty", url),
      ["UserError/ScriptExecutionError", script],
      where,
    );
  }
  const [, functions] = await failure(DAG, "flow.dag.yaml", `${place}/400/functions/v1`);
  assert.match(
    functions,
    /^OpenAI API hits BadRequestError: Current model does not support the `functions` parameter\. /,
  );
  const unreachable = `OpenAI API hits APIConnectionError: Connection error. ${REFERENCE}`;
  const nobody = await failure(DAG, "flow.dag.yaml", "http://127.0.0.1:1/v1");
  assert.deepEqual(nobody, ["UserError/OpenAIError/APIConnectionError", unreachable]);
});

test("what else fails in a prompty is its script's failure, under the original's names", async () => {
  const json = "  parameters: {response_format: {type: json_object}}\n";
  const cases: [what: string, files: Record<string, string>, told: RegExp][] = [
    [
      "no JSON",
      prompty(`${place}/200/%7Bnope`, json),
      /\(LLMError\) OpenAI API hits exception: JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 \(char 1\)$/,
    ],
    [
      "an output that is not there",
      prompty(`${place}/200/%7B%22a%22:1%7D`, `${json}outputs: {z: {type: string}}\n`),
      /\(InvalidOutputKeyError\) Cannot find z in response \['a'\]$/,
    ],
    [
      "a list for outputs",
      prompty(`${place}/200/%5B1%5D`, `${json}outputs: {z: {type: string}}\n`),
      /\(InvalidOutputKeyError\) Cannot find z/,
    ],
    ["no role", prompty(place, "", "hi\n"), /\(ChatAPIInvalidRoleError\) The Chat API requires a specific format/],
    [
      "a template",
      prompty(place, "", "system:\n{{ q.a.b }}\n"),
      /\(JinjaTemplateError\) Failed to render jinja template: UserErrorException: Failed to render jinja template\. Please modify/,
    ],
  ];
  for (const [what, files, told] of cases) {
    const [chain, message] = await failure(files, "ask.prompty", place);
    assert.equal(chain, "UserError/ScriptExecutionError", what);
    assert.match(message, told, what);
    assert.match(message, /^Execution failure in '_traced_sync\.<locals>\.wrapped': /, what);
  }
});

test("code that asks a model catches the original's exceptions and sees its words", async () => {
  const code = `from promptflow.core import Prompty
from promptflow.tools.exception import WrappedOpenAIError

def run(q: str):
    try:
        return Prompty.load("ask.prompty")(q=q)
    except WrappedOpenAIError as error:
        raise ValueError("%s: %s" % (type(error).__name__, error))
`;
  const words = `WrappedOpenAIError: OpenAI API hits NotFoundError: Error code: 404 - ${SAID} ${REFERENCE}`;
  const url = `${place}/404/json/v1`;
  // Through the engine, and past it to an address of the prompty's own.
  for (const model of ["connection: c", `base_url: "${url}", api_key: k`]) {
    const head = `model:\n  configuration: {type: openai, model: m, ${model}}\ninputs: {q: {type: string}}\n`;
    const asks = `---\n${head}---\nsystem:\n{{q}}\n`;
    const files = { "ask.prompty": asks, "flow.flex.yaml": "entry: run:run\n", "run.py": code };
    const told = await failure(files, "flow.flex.yaml", url);
    assert.deepEqual(
      told,
      ["UserError/ScriptExecutionError", `Execution failure in 'run': (ValueError) ${words}`],
      model,
    );
  }
});
