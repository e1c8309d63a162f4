import assert from "node:assert/strict";
import { type Server, createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SILENT } from "../../src/base/log.ts";
import { flowServer, listen } from "../../src/endpoint/flow-server.ts";
import { configuredRegions } from "../../src/endpoint/configured.ts";
import { scoringTarget } from "../../src/endpoint/instance/scoring.ts";
import { openFleet } from "../../src/endpoint/fleet.ts";
import { openRegions } from "../../src/endpoint/region.ts";
import type { DeploymentSpec } from "../../src/endpoint/specification/deployment-spec.ts";
import type { EndpointSpec } from "../../src/endpoint/specification/endpoint-spec.ts";
import { readSpecification } from "../../src/endpoint/specification/read-specification.ts";
import { openZones } from "../../src/endpoint/zone.ts";
import type { FlowEvent } from "../../src/flow/event.ts";
import { end, scriptedTarget, start, text } from "../fake/target.ts";

const keys = { principalOf: () => "somebody" };
const requestSettings = { requestTimeoutMs: 20_000, maxConcurrentRequestsPerInstance: 50, maxQueueWaitMs: 0 };
const probe = { initialDelayMs: 0, periodMs: 20, timeoutMs: 1_000, successThreshold: 1, failureThreshold: 2 };

interface Region {
  url: string;
  /** Answers `/score` in place of the flow, until it is undefined. */
  refuse: { status: number; headers?: Record<string, string>; body?: string } | undefined;
  scores: number;
  keys: Set<string | undefined>;
  cut(): Promise<void>;
  restore(): Promise<void>;
}

/** A real flow server on a port, behind which a flow answers with the region's name. */
async function region(context: TestContext, name: string): Promise<Region> {
  const target = scriptedTarget((call) => {
    if (call.inputs.question === "cut") return [start(), text("Hel"), text("lo")];
    return [
      start(),
      { type: "output", name: "documents", value: [] },
      text(`${name}: `),
      text("hi"),
      end({ answer: `${name}: hi`, documents: [] }),
    ];
  });
  const flow = flowServer(target, { log: SILENT, version: "1" });
  const state: Region = {
    url: "",
    refuse: undefined,
    scores: 0,
    keys: new Set(),
    cut: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    restore: async () => {
      server = make();
      await listen(server, { host: "127.0.0.1", port });
    },
  };
  const make = (): Server =>
    createServer((request, response) => {
      state.keys.add(request.headers.authorization);
      if (request.url === "/score") state.scores++;
      if (request.url === "/score" && state.refuse) {
        response.writeHead(state.refuse.status, state.refuse.headers).end(state.refuse.body);
        request.resume();
      } else flow.emit("request", request, response);
    });
  let server = make();
  await listen(server, { host: "127.0.0.1", port: 0 });
  const { port } = server.address() as { port: number };
  state.url = `http://127.0.0.1:${port}/score`;
  context.after(() => state.cut());
  return state;
}

async function setUp(context: TestContext) {
  const [west, north] = await Promise.all([region(context, "west"), region(context, "north")]);
  const { endpoint } = openRegions({
    name: "global",
    keys,
    log: SILENT,
    probe,
    requestSettings,
    servers: [
      { name: "west", at: west.url, key: "west-key" },
      { name: "north", at: north.url, key: "north-key", priority: 1 },
    ],
  });
  context.after(() => endpoint.close());
  const ask = async (more: { atMostOnce?: boolean; question?: string } = {}): Promise<FlowEvent[]> => {
    const { question = "hi", ...rest } = more;
    const events: FlowEvent[] = [];
    for await (const event of endpoint.invoke({ inputs: { question }, ...rest }, new AbortController().signal))
      events.push(event);
    return events;
  };
  return { west, north, endpoint, ask };
}

function answer(events: readonly FlowEvent[]): unknown {
  const last = events.at(-1);
  return last?.type === "flow-end" ? last.outputs.answer : last;
}

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await isTrue()); await delay(10)) {
    if (Date.now() > deadline) assert.fail(`still not: ${what}`);
  }
}

test("a remote endpoint streams its flow's text, with its key", async (context) => {
  const { west, endpoint, ask } = await setUp(context);
  const events = await ask();
  assert.deepEqual(
    events.map(({ type }) => type),
    ["flow-start", "output", "text-delta", "text-delta", "flow-end"],
  );
  assert.equal(answer(events), "west: hi");
  assert.deepEqual([...west.keys], ["Bearer west-key"]);
  const signature = await endpoint.describe();
  assert.deepEqual(
    signature.inputs.map(({ name, isChatInput, isChatHistory }) => [name, isChatInput, isChatHistory]),
    [
      ["question", true, false],
      ["chat_history", false, true],
    ],
  );
  assert.deepEqual(
    signature.outputs.map(({ name, streamed }) => [name, streamed]),
    [
      ["answer", true],
      ["documents", false],
    ],
  );
});

test("a region that answers 429 is left alone for the time it asks for, and the call moves at once", async (context) => {
  const { west, north, ask } = await setUp(context);
  west.refuse = { status: 429, headers: { "retry-after-ms": "300" } };
  assert.equal(answer(await ask({ atMostOnce: true })), "north: hi");
  west.refuse = undefined;
  assert.equal(answer(await ask({ atMostOnce: true })), "north: hi");
  assert.equal(west.scores, 1);
  await until("west is used again", async () => answer(await ask()) === "west: hi");
  assert.ok(north.scores >= 2);
});

test("a region that is cut off is left out, and used again when it is back, without a restart", async (context) => {
  const { west, endpoint, ask } = await setUp(context);
  assert.equal(answer(await ask()), "west: hi");
  await west.cut();
  assert.equal(answer(await ask()), "north: hi");
  const [deployment] = endpoint.deployments.values();
  const stateOf = (name: string): string | undefined =>
    deployment?.instances.find((instance) => instance.name === name)?.state;
  await until("the probe found it out", () => stateOf("west") === "backing-off");
  assert.equal(answer(await ask({ atMostOnce: true })), "north: hi");
  await west.restore();
  await until("west is used again", async () => answer(await ask()) === "west: hi");
  assert.equal(stateOf("west"), "ready");
});

test("a failure of the flow stays what it was: 424 with the flow's own status, on one region only", async (context) => {
  const { west, north, ask } = await setUp(context);
  west.refuse = {
    status: 424,
    headers: { "ms-azureml-model-error-statuscode": "422" },
    body: '{"error":{"code":"UserError","message":"bad question"}}',
  };
  const last = (await ask()).at(-1);
  assert.ok(last?.type === "error");
  assert.equal(last.error.code, "RemoteFlowFailed");
  assert.equal(last.error.status, 422);
  assert.equal(last.error.message, "bad question");
  assert.equal(north.scores, 0);
});

test("a wrong key leaves the region out; with all of them refusing, the caller learns the shortest wait", async (context) => {
  const { west, north, ask } = await setUp(context);
  west.refuse = { status: 401, body: '{"error":{"message":"wrong key"}}' };
  assert.equal(answer(await ask({ atMostOnce: true })), "north: hi");
  west.refuse = { status: 429, headers: { "retry-after": "30" } };
  // The last one that was asked is not the one that is free first.
  north.refuse = { status: 429, headers: { "retry-after": "60" } };
  const last = (await ask()).at(-1);
  assert.ok(last?.type === "error");
  assert.equal(last.error.status, 429);
  assert.ok(
    (last.error.retryAfterMs ?? 0) > 20_000 && (last.error.retryAfterMs ?? 0) <= 30_000,
    `${last.error.retryAfterMs}`,
  );
});

test("a deployment whose driver is remote has the servers of its specification", async (context) => {
  const west = await region(context, "west");
  const fleet = openFleet({
    runFolder: "",
    resources: { socketPath: "", token: "" },
    python: undefined,
    version: "1",
    logLevel: "silent",
    instanceEnv: {},
    zones: openZones(["1"]),
    log: SILENT,
    keysOf: () => keys,
    secretOf: (written) => (written === "${env:WEST_KEY}" ? "its-key" : written),
  });
  context.after(() => fleet.close());
  const read = (map: object): unknown => readSpecification({ ...map }, "test").spec;
  const properties = { "flowstead.driver": "remote", "flowstead.urls": west.url, "flowstead.key": "${env:WEST_KEY}" };
  fleet.apply(read({ name: "far", auth_mode: "key", traffic: { blue: 100 } }) as EndpointSpec, [
    read({
      name: "blue",
      endpoint_name: "far",
      request_settings: { request_timeout_ms: 20_000 },
      properties,
    }) as DeploymentSpec,
  ]);
  const events: FlowEvent[] = [];
  const call = { inputs: { question: "hi" } };
  for await (const event of fleet.endpoints.get("far")?.invoke(call, new AbortController().signal) ?? [])
    events.push(event);
  assert.equal(answer(events), "west: hi");
  assert.ok(west.keys.has("Bearer its-key"));
  assert.equal(fleet.endpoints.get("far")?.passthrough, false);
  const passing = { name: "far", auth_mode: "key", properties: { "flowstead.compat": "passthrough" } };
  fleet.apply(read(passing) as EndpointSpec, []);
  assert.equal(fleet.endpoints.get("far")?.passthrough, true);
});

test("an answer that is not there yet is aborted on the remote side when the caller leaves", async (context) => {
  let closed = false;
  const content = { "application/json": { schema: { properties: {} } } };
  const described = { paths: { "/score": { post: { responses: { "200": { content } } } } } };
  const leaving = new AbortController();
  const server = createServer((request, response) => {
    request.resume();
    if (request.url === "/swagger.json") return response.end(JSON.stringify(described));
    response.on("close", () => (closed = true));
    leaving.abort();
  });
  await listen(server, { host: "127.0.0.1", port: 0 });
  const { port } = server.address() as { port: number };
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const target = scoringTarget({ url: `http://127.0.0.1:${port}/score`, peer: "The server" });
  let last: FlowEvent | undefined;
  const asking = (async (): Promise<void> => {
    for await (const event of target.invoke({ inputs: {} }, leaving.signal)) last = event;
  })();
  void asking.catch(() => {});
  await until("the call is over", () => last?.type === "error");
  assert.equal(last?.type === "error" && last.error.code, "Canceled");
  await until("the connection is closed", () => closed);
  await target.close();
});

test("members of the configuration are addresses or endpoints that run here, and a name of neither is refused", async (context) => {
  const { endpoint } = await setUp(context);
  const config = {
    name: "everywhere",
    probe: { initial_delay: 0, period: 1, timeout: 1, success_threshold: 1, failure_threshold: 1 },
    request_timeout_ms: 1_000,
    max_concurrent_requests_per_member: 1,
  };
  const of = (member: object): ReturnType<typeof configuredRegions> => {
    const members = [{ name: "one", priority: 0, weight: 1, ...member }];
    return configuredRegions(
      { ...config, members } as Parameters<typeof configuredRegions>[0],
      new Map([["global", endpoint]]),
    );
  };
  assert.equal(of({ endpoint: "global" }).servers[0]?.at, endpoint);
  assert.equal(of({ url: "http://127.0.0.1:9/score" }).servers[0]?.at, "http://127.0.0.1:9/score");
  assert.throws(() => of({ endpoint: "chat" }), {
    code: "InvalidConfig",
    message: /neither a url nor .* There is: global/,
  });
});
