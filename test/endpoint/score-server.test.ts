import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import { type Feedback, flowServer } from "../../src/endpoint/flow-server.ts";
import { servingEnvironment } from "../../src/endpoint/serving-environment.ts";
import { staticPages } from "../../src/endpoint/static-page.ts";
import { end, scriptedTarget, start, text } from "../fake/target.ts";

const folder = mkdtempSync(path.join(tmpdir(), "pages-"));
const said: Feedback[] = [];
const target = scriptedTarget(() => [start(), text("hi"), end({ answer: "hi", documents: [] })]);
const server = flowServer(target, {
  log: SILENT,
  version: "1.2.3",
  build: { info: '{"build_number":"9"}', version: "9" },
  name: "folder",
  sample: { question: "How?" },
  includedFields: ["answer"],
  pages: staticPages(folder),
  cors: true,
  feedback: (one) => said.push(one),
});
let origin = "";

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

const PARENT = "00-8a3c60f7d6e2f3b4a4f2f7f3f3f3f3f3-f3f3f3f3f3f3f3f3-01";

function post(headers: Record<string, string>): Promise<Response> {
  return fetch(`${origin}/score`, { method: "POST", headers, body: '{"question":"q"}' });
}

test("a caller's ids and trace reach the run, and its ids come back", async () => {
  const both = await post({ "x-request-id": "r-1", "x-ms-client-request-id": "c-1", traceparent: PARENT });
  assert.equal(both.headers.get("x-request-id"), "r-1");
  assert.equal(both.headers.get("x-ms-client-request-id"), "c-1");
  assert.deepEqual(await both.json(), { answer: "hi" });
  assert.deepEqual([target.calls.at(-1)?.runId, target.calls.at(-1)?.traceparent], ["r-1", PARENT]);

  const client = await post({
    "x-ms-client-request-id": "c-2",
    tracestate: "a=b",
    traceparent: PARENT,
    baggage: "u=1",
  });
  assert.equal(client.headers.get("x-request-id"), "c-2", "one stands for both");
  assert.equal(target.calls.at(-1)?.tracestate, "a=b");
  assert.equal(target.calls.at(-1)?.baggage, "u=1");

  const neither = await post({ traceparent: "nonsense", "x-request-id": 'evil"id with blanks' });
  assert.match(neither.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
  assert.equal(neither.headers.get("x-ms-client-request-id"), null);
  assert.equal(target.calls.at(-1)?.traceparent, undefined, "a header that is not valid is ignored");
});

test("feedback carries the caller's trace and whether its fields are to be told one by one", async () => {
  const answer = await fetch(`${origin}/feedback?flatten=true`, {
    method: "POST",
    headers: { traceparent: PARENT, baggage: "userId=alice" },
    body: '{"comment":"good"}',
  });
  assert.deepEqual(await answer.json(), { status: "Feedback received." });
  assert.deepEqual(said, [
    { text: '{"comment":"good"}', flatten: true, trace: { traceparent: PARENT, baggage: "userId=alice" } },
  ]);
});

test("what is asked first is answered first: a bad body before a bad Accept", async () => {
  const bad = await fetch(`${origin}/score`, { method: "POST", headers: { accept: "text/html" }, body: "{}" });
  assert.equal(bad.status, 400);
  const good = await post({ accept: "text/html, text/plain" });
  assert.equal(good.status, 406);
  assert.match(await good.text(), /Media type text\/html,text\/plain in Accept header/);
});

test("version, swagger and HEAD", async () => {
  const version = await fetch(`${origin}/version`);
  assert.deepEqual(await version.json(), { build_info: '{"build_number":"9"}', status: "Healthy", version: "9" });
  const swagger = await (await fetch(`${origin}/swagger.json`)).text();
  assert.match(swagger, /"x-flow-name":"folder"/);
  assert.match(swagger, /"example":\{"question":"How\?"\}/);
  assert.doesNotMatch(swagger, /"documents"/, "an output that is not answered is not promised");
  const head = await fetch(`${origin}/health`, { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  const unknown = await fetch(`${origin}/score`);
  assert.equal(unknown.status, 404);
  assert.match(await unknown.text(), /^The requested api 'score' with GET is not supported by current app, /);
});

test("a path counts as it is meant: percent-encoded or with a slash too many, and never as markup", async () => {
  const body = { method: "POST", body: '{"question":"q"}' };
  for (const path of ["/%73core", "//score", "/score?x=%2f"])
    assert.deepEqual(await (await fetch(origin + path, body)).json(), { answer: "hi" }, path);
  const said = async (path: string): Promise<string> =>
    (await (await fetch(origin + path)).text()).split(" with ")[0] ?? "";
  assert.equal(await said("/it's"), `The requested api "it's"`);
  assert.equal(await said("/%3Cscript%3E"), "The requested api '&#60;script&#62;'");
  assert.equal(await said("/%ff"), "The requested api '\ufffd'");
});

test("an Accept that names nothing takes everything", async () => {
  assert.equal((await post({ accept: ", ," })).status, 200);
});

test("pages: a greeting, or a folder's own, and nothing outside it", async () => {
  assert.equal(await (await fetch(`${origin}/`)).text(), "<h1>Welcome to promptflow app.</h1>");
  assert.equal((await fetch(`${origin}/`, { method: "POST" })).status, 200);
  writeFileSync(path.join(folder, "index.html"), `<script src="{{ url_for('static', filename='a.js') }}"></script>`);
  writeFileSync(path.join(folder, "a.js"), "1;");
  assert.equal(staticPages(folder).home, '<script src="/static/a.js"></script>');
  const script = await fetch(`${origin}/static/a.js`);
  assert.deepEqual([script.status, await script.text()], [200, "1;"]);
  for (const name of ["b.js", "..%2fa.js", "%2e%2e/x", "%00", ""]) {
    assert.equal((await fetch(`${origin}/static/${name}`)).status, 404, name);
  }
});

test("pages of other origins may call, as at the original's server", async () => {
  assert.equal((await fetch(`${origin}/health`)).headers.get("access-control-allow-origin"), "*");
  const asked = await fetch(`${origin}/score`, {
    method: "OPTIONS",
    headers: { origin: "http://other.test", "access-control-request-headers": "content-type" },
  });
  assert.equal(asked.status, 200);
  assert.equal(asked.headers.get("access-control-allow-headers"), "content-type");
  assert.equal(asked.headers.get("allow"), "POST, OPTIONS");
});

test("the original's variables are read under both their names, and mistakes are named", () => {
  const read = servingEnvironment({
    PF_RESPONSE_INCLUDED_FIELDS: '["answer"]',
    PF_FLOW_INIT_CONFIG: '{"temperature":1}',
    BUILD_INFO: '{"build_number":"20261122.v1"}',
    PRT_CONFIG_OVERRIDE: "deployment.subscription_id=s,deployment.endpoint_name=ep,deployment.deployment_name=blue",
    PF_SERVING_METRICS_COMMON_DIMENSIONS: '{"team":"a"}',
  });
  assert.deepEqual(read, {
    includedFields: ["answer"],
    init: { temperature: 1 },
    build: { info: '{"build_number":"20261122.v1"}', version: "20261122.v1" },
    dimensions: { endpoint: "ep", deployment: "blue", team: "a" },
    unheeded: [],
  });
  const id = "/subscriptions/s/resourceGroups/g/providers/P/workspaces/w/onlineEndpoints/e1/deployments/green";
  assert.deepEqual(servingEnvironment({ AML_DEPLOYMENT_RESOURCE_ID: id }).dimensions, {
    endpoint: "e1",
    deployment: "green",
  });
  assert.deepEqual(servingEnvironment({ BUILD_INFO: "not json" }).build, { info: "not json", version: undefined });
  assert.equal(servingEnvironment({ PF_FLOW_INIT_CONFIG: "null" }).init, undefined);
  assert.throws(() => servingEnvironment({ PROMPTFLOW_RESPONSE_INCLUDED_FIELDS: "answer" }), { code: "InvalidConfig" });
  assert.throws(() => servingEnvironment({ PF_FLOW_INIT_CONFIG: "[1]" }), { message: /^PF_FLOW_INIT_CONFIG must be/ });
});

test("what a variable asks for and is not served is refused or told, by its name", () => {
  for (const [name, value] of [
    ["PROMPTFLOW_CONNECTION_PROVIDER", "azureml://subscriptions/s"],
    ["PF_CONNECTION_PROVIDER", "azureml"],
    ["PF_HTTP_CONNECTION_PROVIDER_ENDPOINT", "http://127.0.0.1:1"],
    ["OTEL_EXPORTER_OTLP_AAD_AUTH_ENABLE", "true"],
  ] as const) {
    const said = new RegExp(name.replace(/^P[A-Z]+_(CONNECTION)/, "$1"));
    assert.throws(() => servingEnvironment({ [name]: value }), { code: "InvalidConfig", message: said }, name);
  }
  const { unheeded } = servingEnvironment({
    PF_CONNECTION_PROVIDER: "local",
    OTEL_EXPORTER_OTLP_AAD_AUTH_ENABLE: "False",
    AML_APP_INSIGHTS_KEY: "k",
    APPLICATIONINSIGHTS_CONNECTION_STRING: "InstrumentationKey=k",
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://127.0.0.1:1",
    PF_DISABLE_SERIALIZATION: "true",
  });
  assert.deepEqual(
    unheeded.map((line) => line.split(":", 1)[0]),
    [
      "APPLICATIONINSIGHTS_CONNECTION_STRING, AML_APP_INSIGHTS_KEY",
      "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
      "PF_DISABLE_SERIALIZATION",
    ],
  );
  assert.doesNotMatch(unheeded.join(), /InstrumentationKey=k/);
});
