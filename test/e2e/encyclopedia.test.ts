// A flow whose Python code reads the web, run by the command line as its author would: two llm nodes, three Python nodes,
// requests and bs4 of the system's Python, a proxy, and a certificate authority of one's own.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { SseParser } from "../../src/base/sse.ts";
import { type FakeModelServer, startFakeModel } from "../../src/model/fake/server.ts";
import { type RunningCommand, startCommand } from "../cli/command.ts";
import { type Encyclopedia, noEncyclopedia, startEncyclopedia } from "../fake/encyclopedia.ts";
import { runCommand } from "./system.ts";

const PYTHON = "/usr/bin/python3";
const FLOW = "test/fixture/flow/encyclopedia";
const ARCH = "An arch bridge carries its load along a curve – the arch – to its two ends";
const SUSPENSION = "A suspension bridge hangs its deck from cables";
const QUESTION = "How does a bridge carry its load?";
const ANSWER = "Along a curve, or from cables (Arch bridge, Suspension bridge).";

const skip = missing();
let folder: string;
let model: FakeModelServer;
let encyclopedia: Encyclopedia;

before(async () => {
  if (skip) return;
  folder = await mkdtemp(path.join(tmpdir(), "encyclopedia-test-"));
  model = await startFakeModel({
    script: {
      keys: ["key-of-the-test"],
      tokensPerSecond: 200,
      // The first call of either flow asks what to look up; upstream's one says so in its own words.
      replies: [
        { contains: "Reply with the topic alone", reply: "bridge" },
        { contains: "infer user real intent", reply: "bridge" },
      ],
      reply: ANSWER,
    },
  });
  encyclopedia = await startEncyclopedia({
    hosts: ["encyclopedia.example", "en.wikipedia.org"],
    articles: [
      { title: "Arch bridge", paragraphs: [`${ARCH}.`], points: ["The Romans built many", "Most are of stone"] },
      { title: "Suspension bridge", paragraphs: [`${SUSPENSION}.`] },
      { title: "Bread", paragraphs: ["Bread is baked from dough."] },
    ],
  });
  await writeFile(
    path.join(folder, "flowstead.yaml"),
    [
      `python: ${PYTHON}`,
      "connections:",
      "  open_ai_connection:",
      "    type: open_ai",
      `    base_url: ${model.url}/v1`,
      '    api_key: "${env:TEST_KEY}"',
    ].join("\n"),
  );
  await writeFile(path.join(folder, "python.yaml"), `python: ${PYTHON}\n`);
  const value = { api_key: "key-of-the-test", base_url: `${model.url}/v1` };
  await writeFile(
    path.join(folder, "connections.json"),
    JSON.stringify({
      open_ai_connection: {
        type: "OpenAIConnection",
        value,
        module: "promptflow.connections",
        secret_keys: ["api_key"],
      },
    }),
  );
});
beforeEach(() => model?.reset());
after(async () => {
  if (skip) return;
  await Promise.all([model.close(), encyclopedia.close()]);
  await rm(folder, { recursive: true, force: true });
});

/** Where the state is, and the connection by flowstead.yaml or by the original's connections file. */
const configured = (): string[] => [
  "--home",
  path.join(folder, "home"),
  "--config",
  path.join(folder, "flowstead.yaml"),
];
const byFile = (): string[] => ["--home", path.join(folder, "home"), "--config", path.join(folder, "python.yaml")];
const env = (): Record<string, string> => ({ ...encyclopedia.env, TEST_KEY: "key-of-the-test" });
const fileEnv = (): Record<string, string> => ({
  ...encyclopedia.env,
  PROMPTFLOW_CONNECTIONS: path.join(folder, "connections.json"),
});

test("flow test runs it, and the pages it read reach the model", { skip }, async () => {
  const detail = path.join(folder, "detail");
  const before = encyclopedia.searches.length;
  const result = await runCommand(
    ["flow", "test", "--flow", FLOW, "--inputs", `question=${QUESTION}`, "--detail", detail, ...configured()],
    env(),
  );
  assert.equal(result.code, 0, result.stderr);
  const outputs = JSON.parse(result.stdout) as { answer: string; pages: string[] };
  assert.equal(outputs.answer, ANSWER);
  assert.deepEqual(outputs.pages, [
    "https://encyclopedia.example/w/index.php?search=Arch+bridge",
    "https://encyclopedia.example/w/index.php?search=Suspension+bridge",
  ]);
  assert.match(result.stderr, /^\[find_pages\] no page is called bridge; similar: Arch bridge, Suspension bridge$/m);
  assert.match(result.stderr, /^answer: completed in \d+\.\d\d s$/m);

  const [topic = "", ...pages] = encyclopedia.searches.slice(before);
  assert.equal(topic, "bridge");
  assert.deepEqual(pages.sort(), ["Arch bridge", "Suspension bridge"]);
  assert.ok(encyclopedia.tunnels.every((target) => target === "encyclopedia.example:443"));

  const [first, second] = chatBodies();
  assert.equal(first?.model, "small-model");
  assert.equal(first?.max_tokens, 32);
  assert.ok(first?.stop === undefined || first.stop === null, "an empty stop is none");
  assert.equal(second?.model, "large-model");
  const notes = second?.messages[0]?.content ?? "";
  assert.ok(notes.includes(`Page 1: ${outputs.pages[0]}\n${ARCH}. The Romans built many Most are of stone`), notes);
  assert.ok(notes.includes(`Page 2: ${outputs.pages[1]}\n${SUSPENSION}.`), notes);
  assert.deepEqual(second?.messages.slice(1), [{ role: "user", content: QUESTION }]);
  await checkDetail(detail, outputs);
});

test("flow serve answers JSON and a stream, and describes itself", { skip }, async (context) => {
  const served = await serve(FLOW, [...byFile()], fileEnv());
  context.after(() => served.stop("SIGKILL"));
  const at = served.found;
  const post = (body: object, accept?: string): Promise<Response> =>
    fetch(`${at}/score`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(accept ? { accept } : {}) },
      body: JSON.stringify(body),
    });

  const json = await post({ question: QUESTION, chat_history: [] });
  assert.equal(json.status, 200);
  assert.match(json.headers.get("content-type") ?? "", /^application\/json/);
  assert.equal(((await json.json()) as { answer: string }).answer, ANSWER);

  model.reset();
  const history = [{ inputs: { question: "What is an arch?" }, outputs: { answer: "A curved stone." } }];
  const streamed = await post({ question: QUESTION, chat_history: history }, "text/event-stream");
  assert.match(streamed.headers.get("content-type") ?? "", /^text\/event-stream/);
  const events = new SseParser()
    .push(new Uint8Array(await streamed.arrayBuffer()))
    .map(({ data }) => JSON.parse(data) as { answer?: string; pages?: string[] });
  assert.equal(events[0]?.pages?.length, 2, "plain outputs come first");
  const words = events.slice(1).map(({ answer }) => answer);
  assert.ok(words.length > 3, "the text comes piece by piece");
  assert.equal(words.join(""), ANSWER);
  const [first, second] = chatBodies();
  assert.match(first?.messages[1]?.content ?? "", /Asked: What is an arch\?\s+Answered: A curved stone\./);
  assert.deepEqual(second?.messages.slice(1), [
    { role: "user", content: "What is an arch?" },
    { role: "assistant", content: "A curved stone." },
    { role: "user", content: QUESTION },
  ]);

  assert.equal(((await (await fetch(`${at}/health`)).json()) as { status: string }).status, "Healthy");
  const swagger = (await (await fetch(`${at}/swagger.json`)).json()) as Swagger;
  assert.equal(swagger.info["x-flow-type"], "chat");
  assert.equal(swagger.info["x-chat-input"], "question");
  const { schema } = swagger.paths["/score"].post.requestBody.content["application/json"];
  assert.deepEqual(Object.keys(schema.properties).sort(), ["chat_history", "question"]);
  const nowhere = await fetch(`${at}/scores`);
  assert.equal(nowhere.status, 404);
  assert.match(await nowhere.text(), /^The requested api 'scores' with GET is not supported by current app, if you/);
  const wrong = await fetch(`${at}/score`, { method: "POST", body: "{" });
  assert.equal(wrong.status, 400);
  assert.equal(((await wrong.json()) as { error: { code: string } }).error.code, "UserError");

  assert.equal(await served.stop("SIGINT"), 0);
});

test("without the authority, the node that could not fetch is named with the line of its code", { skip }, async () => {
  const trusting = env();
  delete trusting.REQUESTS_CA_BUNDLE;
  const result = await runCommand(
    ["flow", "test", "--flow", FLOW, "--inputs", `question=${QUESTION}`, ...configured()],
    trusting,
  );
  assert.equal(result.code, 1);
  assert.equal(result.stdout, "");
  assert.match(result.stderr, /find_pages\.py:14$/m);
  assert.match(result.stderr, /certificate verify failed/i);
  assert.doesNotMatch(result.stderr, /\.ts:\d+/);
  assert.equal(chatBodies().length, 1, "no answer is written over pages that were not read");
});

const upstream = process.env.FLOWSTEAD_UPSTREAM;
if (upstream) {
  test("the original's chat-with-wikipedia runs unchanged", { skip }, async (context) => {
    const original = path.join(upstream, "examples/flows/chat/chat-with-wikipedia");
    const result = await runCommand(
      ["flow", "test", "--flow", original, "--inputs", `question=${QUESTION}`, ...byFile()],
      fileEnv(),
    );
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(JSON.parse(result.stdout), { answer: ANSWER });
    const context1 = chatBodies()[1]?.messages[0]?.content ?? "";
    assert.ok(context1.includes(ARCH) && context1.includes(SUSPENSION), context1);

    const served = await serve(original, byFile(), fileEnv());
    context.after(() => served.stop("SIGKILL"));
    for (const accept of ["application/json", "text/event-stream"]) {
      const response = await fetch(`${served.found}/score`, {
        method: "POST",
        headers: { "content-type": "application/json", accept },
        body: JSON.stringify({ question: QUESTION, chat_history: [] }),
      });
      assert.equal(response.status, 200);
      const text = await response.text();
      const answer = accept.endsWith("json")
        ? (JSON.parse(text) as { answer: string }).answer
        : new SseParser()
            .push(new TextEncoder().encode(text))
            .map(({ data }) => (JSON.parse(data) as { answer: string }).answer)
            .join("");
      assert.equal(answer, ANSWER);
    }
    assert.equal(await served.stop("SIGTERM"), 0);
  });
}

interface Swagger {
  info: Record<string, string>;
  paths: {
    "/score": {
      post: { requestBody: { content: { "application/json": { schema: { properties: Record<string, unknown> } } } } };
    };
  };
}

interface ChatBody {
  model: string;
  max_tokens?: number;
  stop?: unknown;
  messages: { role: string; content: string }[];
}

/** What the model was asked since the last reset. */
function chatBodies(): ChatBody[] {
  return model.journal.entries
    .filter(({ path: at }) => at.endsWith("/chat/completions"))
    .map((one) => one.body as ChatBody);
}

async function checkDetail(detail: string, outputs: { answer: string; pages: string[] }): Promise<void> {
  const read = async <T>(name: string): Promise<T> => JSON.parse(await readFile(path.join(detail, name), "utf8")) as T;
  assert.deepEqual(await read("flow.output.json"), outputs);
  assert.deepEqual(await read("flow.metrics.json"), {});
  const text = await readFile(path.join(detail, "flow.detail.json"), "utf8");
  assert.ok(!text.includes("key-of-the-test"), "no key is written");
  const { flow_runs: flows, node_runs: nodes } = await read<{ flow_runs: RunRow[]; node_runs: RunRow[] }>(
    "flow.detail.json",
  );
  assert.equal(flows.length, 1);
  const [run] = flows;
  assert.ok(run);
  assert.equal(run.status, "Completed");
  assert.deepEqual(run.inputs, { question: QUESTION, chat_history: [] });
  assert.deepEqual(run.output, outputs);
  assert.deepEqual(
    nodes.map(({ node }) => node),
    ["choose_topic", "find_pages", "read_pages", "lay_out", "answer"],
  );
  for (const node of nodes) {
    assert.equal(node.status, "Completed");
    assert.equal(node.error, null);
    assert.ok(!Number.isNaN(Date.parse(node.start_time)) && node.start_time <= node.end_time);
    assert.ok(node.system_metrics.duration >= 0);
  }
  const [topic, find, readPages, , answer] = nodes;
  assert.equal(topic?.output, "bridge");
  assert.equal(topic?.system_metrics.completion_tokens, 1);
  assert.deepEqual(find?.inputs, { topic: "bridge", limit: 2 });
  assert.match(find?.logs.stdout ?? "", /similar: Arch bridge/);
  assert.match(readPages?.logs.stdout ?? "", /read https:/, "what a thread of the node printed is the node's");
  const total = (topic?.system_metrics.total_tokens ?? 0) + (answer?.system_metrics.total_tokens ?? 0);
  assert.ok(total > 0);
  assert.equal(run.system_metrics.total_tokens, total);
}

interface RunRow {
  node: string;
  status: string;
  inputs: unknown;
  output: unknown;
  error: unknown;
  start_time: string;
  end_time: string;
  logs: { stdout: string; stderr: string };
  system_metrics: { duration: number; completion_tokens?: number; total_tokens?: number };
}

function serve(flow: string, args: string[], variables: Record<string, string>): Promise<RunningCommand> {
  return startCommand(["flow", "serve", "--source", flow, "--port", "0", ...args], {
    env: variables,
    ready: /^(http:\/\/\S+)\/score$/m,
  });
}

/** Why this cannot run here; on CI that is a failure. */
function missing(): string | undefined {
  const reason = noEncyclopedia() ?? noPages();
  if (reason !== undefined && process.env.CI === "true") throw new Error(`CI must be able to run this: ${reason}.`);
  return reason;
}

function noPages(): string | undefined {
  try {
    execFileSync(PYTHON, ["-c", "import requests, bs4"], { stdio: "ignore" });
    return undefined;
  } catch {
    return `${PYTHON} cannot import requests and bs4 (Debian packages python3-requests and python3-bs4)`;
  }
}
