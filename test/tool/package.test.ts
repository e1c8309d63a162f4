import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ValueMap } from "../../src/base/value.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { originalMessage } from "../../src/flow/error-chain.ts";
import { openModel, connectionModel } from "../../src/model/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { fakeService } from "../fake/service.ts";
import { type RunRecord, openFiles, runFlow } from "../flow/flow-folder.ts";

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** A flow of one node, with the files that it needs. */
function flow(node: string, files: Record<string, string> = {}): Record<string, string> {
  return {
    "flow.dag.yaml": [
      "inputs: {q: {type: object, default: hi}}",
      "outputs: {o: {type: object, reference: '${n.output}'}}",
      "nodes:",
      `- {name: n, ${node}}`,
      "",
    ].join("\n"),
    ...files,
  };
}

async function models(context: TestContext) {
  const fake = await fakeModel(context);
  const azure: Connection = {
    name: "azure",
    type: "AzureOpenAIConnection",
    configs: { api_base: fake.url, api_version: "2024-10-21" },
    secrets: { api_key: "k" },
  };
  const openai: Connection = {
    name: "openai",
    type: "OpenAIConnection",
    configs: { base_url: `${fake.url}/v1` },
    secrets: { api_key: "k" },
  };
  const serverless: Connection = {
    name: "serverless",
    type: "ServerlessConnection",
    configs: { api_base: fake.url },
    secrets: { api_key: "k" },
  };
  const connections = [azure, openai, serverless];
  const open = async (name: string, files: Record<string, string>) => {
    const connection = connections.find((one) => one.name === name) ?? openai;
    const model = openModel(connectionModel(connection));
    context.after(() => model.close());
    return openFiles(context, files, { model, connections, streaming: false });
  };
  return { fake, open };
}

test("llm tools of the package: prompt as a file, as an input and from a prompt node; each connection has its dialect", async (context) => {
  const { fake, open } = await models(context);
  const inputs = (more: string): string => `inputs: {q: '\${inputs.q}', ${more}}`;
  const cases: [connection: string, node: string, files: Record<string, string>, path: RegExp][] = [
    [
      "azure",
      `type: custom_llm, source: {type: package_with_prompt, tool: promptflow.tools.llm.llm, path: p.jinja2}, ${inputs("connection: azure, api: chat, deployment_name: d")}`,
      { "p.jinja2": "user:\n{{q}}\n" },
      /deployments\/d\/chat\/completions/,
    ],
    [
      "serverless",
      `type: custom_llm, source: {type: package_with_prompt, tool: promptflow.tools.llm.llm, path: p.jinja2}, ${inputs("connection: serverless, model: m")}`,
      { "p.jinja2": "user:\n{{q}}\n" },
      /^\/v1\/chat\/completions/,
    ],
    [
      "openai",
      `type: custom_llm, source: {type: package_with_prompt, tool: promptflow.tools.llm.llm, path: p.jinja2}, ${inputs("connection: openai, api: completion, model: m")}`,
      { "p.jinja2": "{{q}}" },
      /^\/v1\/completions/,
    ],
    [
      "azure",
      `type: python, source: {type: package, tool: promptflow.tools.aoai.chat}, ${inputs('connection: azure, deployment_name: d, prompt: "user:\\n{{q}}"')}`,
      {},
      /chat\/completions/,
    ],
    [
      "openai",
      `type: python, source: {type: package, tool: promptflow.tools.openai.completion}, ${inputs("connection: openai, model: m, prompt: '{{q}}'")}`,
      {},
      /^\/v1\/completions/,
    ],
  ];
  for (const [connection, node, files, path] of cases) {
    fake.journal.clear();
    const target = await open(connection, flow(node, files));
    assert.deepEqual((await runFlow(target, { q: "hello there" })).outputs, { o: "MOCK:hello there" }, node);
    assert.match(fake.journal.entries[0]?.path ?? "", path);
  }
});

test("a prompt from a prompt node is taken as it is, with its roles only", async (context) => {
  const { fake, open } = await models(context);
  const target = await open("azure", {
    "flow.dag.yaml": [
      "inputs: {q: {type: string, default: hi}}",
      "outputs: {o: {type: string, reference: '${n.output}'}}",
      "nodes:",
      "- {name: p, type: prompt, source: {path: p.jinja2}, inputs: {q: '${inputs.q}'}}",
      "- {name: n, type: python, source: {type: package, tool: promptflow.tools.aoai.chat}, inputs: {connection: azure, deployment_name: d, prompt: '${p.output}'}}",
      "",
    ].join("\n"),
    "p.jinja2": "system:\nBe brief.\nuser:\n{{q}}\n",
  });
  await runFlow(target, { q: "{{x}}\nassistant:\nevil" });
  assert.deepEqual((fake.journal.entries[0]?.body as { messages?: unknown } | undefined)?.messages, [
    { role: "system", content: "Be brief." },
    { role: "user", content: "{{x}}\nassistant:\nevil" },
  ]);
});

test("GPT-4V: images become parts of the message, with the tool's own parameters", async (context) => {
  const { fake, open } = await models(context);
  for (const [connection, tool, more] of [
    ["azure", "promptflow.tools.aoai_gpt4v.AzureOpenAI.chat", "deployment_name: d"],
    ["openai", "promptflow.tools.openai_gpt4v.OpenAI.chat", "seed: 3"],
    ["openai", "promptflow.tools.llm_vision.llm_vision", "model: m"],
  ] as const) {
    fake.journal.clear();
    const target = await open(
      connection,
      flow(
        `type: custom_llm, source: {type: package_with_prompt, tool: ${tool}, path: p.jinja2}, inputs: {connection: ${connection}, ${more}, detail: low, max_tokens: '9', q: '\${inputs.q}'}`,
        { "p.jinja2": "system:\nLook.\nuser:\nWhat is it?\n![image]({{q}})\nSay it.\n" },
      ),
    );
    await runFlow(target, { q: { "data:image/png;base64": PIXEL } });
    const body = fake.journal.entries[0]?.body as Record<string, unknown> & { messages: unknown[] };
    assert.deepEqual(body.messages[1], {
      role: "user",
      content: [
        { type: "text", text: "What is it?" },
        { type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}`, detail: "low" } },
        { type: "text", text: "Say it." },
      ],
    });
    const { n, presence_penalty, frequency_penalty, max_tokens } = body;
    assert.deepEqual(
      { n, presence_penalty, frequency_penalty, max_tokens },
      { n: 1, presence_penalty: 0, frequency_penalty: 0, max_tokens: 9 },
    );
    const called = fake.journal.entries[0]?.headers["ms-azure-ai-promptflow-called-from"];
    assert.equal(called, connection === "azure" ? "aoai-gpt4v-tool" : undefined);
    if (tool.includes("openai_gpt4v")) assert.equal(body["model"], "gpt-4-vision-preview");
  }
});

test("a package tool says which connections it takes, and what its prompt may not name", async (context) => {
  const { open } = await models(context);
  const vision =
    "type: custom_llm, source: {type: package_with_prompt, tool: promptflow.tools.aoai.chat, path: p.jinja2}";
  await assert.rejects(open("azure", flow(`${vision}, inputs: {connection: openai}`, { "p.jinja2": "user:\nx" })), {
    message:
      "Tool load failed in 'n': (NodeInputValidationError) Input 'connection' for node 'n' of type 'OpenAIConnection' is not supported, valid types ['AzureOpenAIConnection'].",
  });
  await assert.rejects(
    open("azure", flow(`${vision}, inputs: {connection: azure}`, { "p.jinja2": "user:\n{{seed}}" })),
    {
      message: /Invalid inputs \{'seed'\} in prompt template of node n.*duplicated with the inputs of custom llm tool/,
    },
  );
});

test("embedding: each connection has its path and body, both forms of answers are read; a refusal says why", async (context) => {
  const vector = [0.5, 1, -0.25];
  const packed = Buffer.from(new Float32Array(vector).buffer).toString("base64");
  const busy = [429, 503];
  const service = await fakeService(context, ({ url }) =>
    url.includes("busy") && busy.length > 0
      ? { status: busy.shift() as number, body: { error: { message: "busy" } } }
      : url.includes("bad")
        ? { status: 404, body: { error: { message: "no such deployment" } } }
        : {
            body: {
              data: [{ embedding: url.startsWith("/openai") ? packed : vector }],
              usage: { prompt_tokens: 2, total_tokens: 2 },
            },
          },
  );
  const connections: Connection[] = [
    {
      name: "azure",
      type: "AzureOpenAIConnection",
      configs: { api_base: service.url, api_version: "v1" },
      secrets: { api_key: "k" },
    },
    { name: "openai", type: "OpenAIConnection", configs: { base_url: `${service.url}/v1` }, secrets: { api_key: "k" } },
    {
      name: "serverless",
      type: "ServerlessConnection",
      configs: { api_base: `${service.url}/v1` },
      secrets: { api_key: "k" },
    },
  ];
  const embed = async (inputs: string, given?: ValueMap) => {
    const node = `type: python, source: {type: package, tool: promptflow.tools.embedding.embedding}, inputs: {input: '\${inputs.q}', ${inputs}}`;
    return runFlow(await openFiles(context, flow(node), { connections, streaming: false }), given);
  };
  for (const inputs of [
    "connection: azure, deployment_name: ada",
    "connection: openai",
    "connection: serverless, model: m",
  ]) {
    assert.deepEqual(JSON.stringify((await embed(inputs)).outputs), '{"o":[0.5,1,-0.25]}');
  }
  assert.deepEqual(
    service.requests.map(({ url, body }) => [url, JSON.parse(body)]),
    [
      ["/openai/deployments/ada/embeddings?api-version=v1", { input: "hi", model: "ada", encoding_format: "base64" }],
      ["/v1/embeddings", { input: "hi", model: "text-embedding-ada-002", encoding_format: "base64" }],
      ["/v1/embeddings", { input: ["hi"], model: "m", encoding_format: "float" }],
    ],
  );
  const { error } = await embed("connection: azure, deployment_name: bad");
  assert.equal(error?.code, "ModelNotFound");
  assert.match(error?.message ?? "", /no embedding of model "bad" \(404\).*no such deployment/);
  assert.match(
    error ? originalMessage(error) : "",
    /^OpenAI API hits NotFoundError: Error code: 404 - .*no such deployment/,
  );
  await embed("connection: openai", { q: ["a", "b"] });
  assert.deepEqual(JSON.parse(service.requests.at(-1)?.body ?? "").input, ["a", "b"], "a list goes as it is");
  const asked = service.requests.length;
  assert.deepEqual(
    JSON.stringify((await embed("connection: azure, deployment_name: busy")).outputs),
    '{"o":[0.5,1,-0.25]}',
  );
  assert.equal(service.requests.length - asked, 3, "a limit and an outage are waited for");
});

function actionOf({ outputs }: RunRecord): unknown {
  return (outputs?.["o"] as Record<string, unknown> | undefined)?.["suggested_action"];
}

test("content safety: both versions of the service, thresholds, block lists and refusals", async (context) => {
  let answer: { status?: number; body: unknown } = { body: {} };
  const service = await fakeService(context, () => answer);
  const judge = async (version: string, inputs = "") => {
    const connections: Connection[] = [
      {
        name: "c",
        type: "AzureContentSafetyConnection",
        configs: { endpoint: `${service.url}/`, api_version: version },
        secrets: { api_key: "secret" },
      },
    ];
    const node = `type: python, source: {type: package, tool: promptflow.tools.azure_content_safety.analyze_text}, inputs: {connection: c, text: '\${inputs.q}'${inputs}}`;
    return runFlow(await openFiles(context, flow(node), { connections, streaming: false }));
  };
  const found = (hate: number) => ({
    categoriesAnalysis: ["Hate", "SelfHarm", "Sexual", "Violence"].map((category) => ({
      category,
      severity: category === "Hate" ? hate : 2,
    })),
  });
  answer = { body: found(4) };
  const actions = { Hate: "Reject", SelfHarm: "Accept", Sexual: "Accept", Violence: "Reject" };
  const first = await judge("2023-10-01", ", violence_category: high_sensitivity");
  assert.deepEqual(first.outputs, { o: { suggested_action: "Reject", action_by_category: actions } });
  const [request] = service.requests;
  assert.equal(request?.url, "/contentsafety/text:analyze?api-version=2023-10-01");
  assert.equal(request.headers["ocp-apim-subscription-key"], "secret");
  assert.deepEqual(JSON.parse(request.body), { text: "hi", blocklistNames: [] });
  answer = { body: { ...found(6), blocklistsMatch: [{}] } };
  const blocked = await judge("2023-10-01", ", hate_category: disable");
  assert.equal(actionOf(blocked), "Reject", "by its block list");
  const old = { severity: 0 };
  answer = { body: { hateResult: old, selfHarmResult: old, sexualResult: old, violenceResult: old } };
  assert.equal(actionOf(await judge("2023-04-30-preview")), "Accept");
  answer = { status: 401, body: { error: { message: "wrong key" } } };
  const refused = await judge("2023-10-01");
  assert.equal(refused.error?.code, "AzureContentSafetySystemError");
  assert.equal(refused.error.message, "Error in detecting content: wrong key");
});

test("SerpAPI: the two engines' parameters, the service's JSON, its refusals, and the key in no message", async (context) => {
  const service = await fakeService(context, ({ url }) => {
    if (url.includes("q=bad")) return { status: 401, body: { error: "Invalid API key." } };
    return url.includes("q=down") ? { status: 503, body: "<html>" } : { body: { organic_results: [{ position: 1 }] } };
  });
  const connections: Connection[] = [
    { name: "c", type: "SerpConnection", configs: { api_base: service.url }, secrets: { api_key: "top-secret" } },
  ];
  const search = async (inputs: string, q: string) => {
    const node = `type: python, source: {type: package, tool: promptflow.tools.serpapi.SerpAPI.search}, inputs: {connection: c, query: '\${inputs.q}', ${inputs}}`;
    return runFlow(await openFiles(context, flow(node), { connections, streaming: false }), { q });
  };
  const google = await search("engine: google, safe: active, num: '3', location: Rome", "cats & dogs");
  assert.deepEqual(google.outputs, { o: { organic_results: [{ position: 1 }] } });
  await search("engine: bing, safe: active", "x");
  const queries = service.requests.map(({ url }) => Object.fromEntries(new URL(url, "http://x").searchParams));
  const common = { source: "python", output: "json", api_key: "top-secret" };
  assert.deepEqual(queries, [
    { ...common, q: "cats & dogs", location: "Rome", engine: "google", safe: "Active", num: "3" },
    { ...common, q: "x", engine: "bing", safeSearch: "Strict", count: "10" },
  ]);
  const refused = await search("engine: google", "bad");
  assert.equal(refused.error?.code, "SerpAPIUserError");
  assert.equal(refused.error.message, "Invalid API key.");
  const down = await search("engine: google", "down");
  assert.equal(down.error?.code, "SerpAPISystemError");
  assert.doesNotMatch(JSON.stringify([google.events, refused.events, down.events]), /top-secret/);
});

test("Open Model LLM: the families' requests and answers, behind a custom connection", async (context) => {
  const service = await fakeService(context, ({ url, body }) => {
    if (url.startsWith("/v1/chat")) return { body: { choices: [{ message: { content: "said" } }] } };
    if (url.startsWith("/refuse")) return { status: 400, body: "no" };
    return { body: body.includes("role") ? { output: "said" } : [{ "0": "said" }] };
  });
  const connection = (name: string, path: string, family = "LLAMA"): Connection => ({
    name,
    type: "CustomConnection",
    configs: { endpoint_url: service.url + path, model_family: family },
    secrets: { endpoint_api_key: "k" },
  });
  const connections = [
    connection("llama", "/score"),
    connection("serverless", "/v1/chat/completions"),
    connection("dolly", "/score", "DOLLY"),
    connection("refuse", "/refuse"),
    connection("other", "/score", "BERT"),
    {
      name: "mine",
      type: "ServerlessConnection",
      configs: { api_base: `${service.url}/v1/` },
      secrets: { api_key: "k2" },
    } satisfies Connection,
  ];
  const ask = async (inputs: string) => {
    const node = `type: custom_llm, source: {type: package_with_prompt, tool: promptflow.tools.open_model_llm.OpenModelLLM.call, path: p.jinja2}, inputs: {q: '\${inputs.q}', ${inputs}}`;
    const files = flow(node, { "p.jinja2": "user:\n{{q}}\n" });
    return runFlow(await openFiles(context, files, { connections, streaming: false }));
  };
  const bodies = () =>
    service.requests.splice(0).map(({ headers, body }) => [headers["azureml-model-deployment"], JSON.parse(body)]);
  const parameters = { top_p: 1, temperature: 0.5, max_new_tokens: 7 };
  const numbers = "temperature: '0.5', max_new_tokens: '7'";
  assert.deepEqual(
    (await ask(`endpoint_name: localConnection/llama, api: chat, deployment_name: blue, ${numbers}`)).outputs,
    { o: "said" },
  );
  const messages = [{ role: "user", content: "hi" }];
  assert.deepEqual(bodies(), [
    ["blue", { input_data: { input_string: messages, parameters: { do_sample: true, ...parameters } } }],
  ]);
  await ask(`endpoint_name: connection/serverless, api: chat, model_kwargs: '{"stop": ["x"]}', ${numbers}`);
  assert.deepEqual(bodies(), [
    [undefined, { model: "llama-2-7b-hf", messages, n: 1, stop: ["x"], ...parameters, max_tokens: 7 }],
  ]);
  await ask(`endpoint_name: connection/dolly, api: completion, deployment_name: default, ${numbers}`);
  assert.deepEqual(bodies(), [[undefined, { input_data: { input_string: ["user:\nhi\n"] }, parameters }]]);
  const refused = await ask("endpoint_name: connection/refuse, api: chat");
  assert.equal(refused.error?.code, "OpenModelLLMOnlineEndpointError");
  assert.match(refused.error.message, /Status:400\nError:no/);
  const family = await ask("endpoint_name: connection/other, api: chat");
  assert.match(family.error?.message ?? "", /Given model_family 'BERT' not recognized/);
  service.requests.splice(0);
  for (const name of ["onlineEndpoint/llama", "serverlessEndpoint/mine", "serverlessEndpoint/serverless"]) {
    assert.deepEqual((await ask(`endpoint_name: ${name}, api: chat`)).outputs, { o: "said" }, name);
  }
  assert.deepEqual(
    service.requests.splice(0).map(({ url, headers }) => [url, headers["authorization"]]),
    [
      ["/score", "Bearer k"],
      ["/v1/chat/completions", "Bearer k2"],
      ["/v1/chat/completions", "Bearer k"],
    ],
  );
  const own = `endpoint_name: x/y, endpoint_url: ${service.url}/score, endpoint_api_key: k3`;
  assert.deepEqual((await ask(`${own}, model_family: LLaMa, api: chat`)).outputs, { o: "said" });
  assert.equal(service.requests.splice(0)[0]?.headers["authorization"], "Bearer k3");
  const half = await ask(`${own}, api: chat`);
  assert.match(half.error?.message ?? "", /^Endpoint connection via kwargs not fully set\.\n/);
  assert.equal(half.error?.code, "OpenModelLLMKeyValidationError");
  const prompts = { "p.jinja2": "no roles \\n" };
  const plainly = async (api: string) => {
    const node = `type: custom_llm, source: {type: package_with_prompt, tool: promptflow.tools.open_model_llm.OpenModelLLM.call, path: p.jinja2}, inputs: {endpoint_name: connection/dolly, api: ${api}}`;
    return runFlow(await openFiles(context, flow(node, prompts), { connections, streaming: false }));
  };
  await plainly("completion");
  assert.deepEqual(JSON.parse(service.requests.splice(0)[0]?.body ?? "").input_data, {
    input_string: ["no roles \\n"],
  });
  const azure = await ask("endpoint_name: onlineEndpoint/x, api: chat");
  assert.match(azure.error?.message ?? "", /no connection has its name. Create the connection 'x': of type serverless/);
});
