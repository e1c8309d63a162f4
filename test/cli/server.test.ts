// Commands around servers: the fake model, a flow served alone, and the endpoint's keys.

import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Agent, fetch as fetchOver } from "undici";
import { temporaryHome } from "../e2e/system.ts";
import { testAuthority } from "../fake/certificate.ts";
import { writeFolder } from "../flow/flow-folder.ts";
import { startCommand } from "./command.ts";
import { runHere } from "./in-process.ts";

test("get-credentials prints one pair of keys as JSON or in columns, and keeps it to its owner", async (context) => {
  const { home, remove } = await temporaryHome();
  context.after(remove);
  const credentials = (...more: string[]): ReturnType<typeof runHere> =>
    runHere(["online-endpoint", "get-credentials", "--home", home, ...more]);
  const json = await credentials("-n", "chat");
  const [again, columns, unknown] = await Promise.all([
    credentials("--name", "chat", "--output", "json"),
    credentials("-n", "chat", "-o", "tsv"),
    credentials("-n", "other"),
  ]);
  const keys = JSON.parse(json.stdout) as { primaryKey: string; secondaryKey: string };
  assert.deepEqual(Object.keys(keys), ["primaryKey", "secondaryKey"]);
  assert.ok(keys.primaryKey.length >= 40 && keys.primaryKey !== keys.secondaryKey);
  assert.equal(again.stdout, json.stdout);
  assert.equal(columns.stdout, `${keys.primaryKey}\t${keys.secondaryKey}\n`);
  assert.deepEqual([unknown.code, unknown.stdout], [1, ""]);
  assert.equal(unknown.stderr, 'Error: There is no endpoint "other". There is: chat.\n');
  // The keys lie encrypted in the store; what opens them is for the owner's eyes only.
  assert.equal(statSync(path.join(home, "connections", "connections.key")).mode & 0o077, 0);
  assert.ok(!readFileSync(path.join(home, "flowstead.db")).includes(keys.primaryKey));
});

test("dev fake-model answers as its script says, and ends on SIGTERM", async (context) => {
  const folder = writeFolder(context, { "script.json": '{"reply": "Scripted.", "keys": ["right"]}' });
  const fake = await startCommand(["dev", "fake-model", "--port", "0", "--script", path.join(folder, "script.json")], {
    ready: /^(http:\/\/127\.0\.0\.1:\d+\/v1)$/m,
  });
  context.after(() => fake.stop("SIGKILL"));
  const ask = (key: string): Promise<Response> =>
    fetch(`${fake.found}/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: "any", messages: [{ role: "user", content: "Hello?" }] }),
    });
  const answer = await ask("right");
  const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] };
  assert.equal(choices[0]?.message.content, "Scripted.");
  assert.equal((await ask("wrong")).status, 401);
  const journal = (await (await fetch(new URL("/__fake/journal", fake.found))).json()) as { status: number }[];
  assert.deepEqual(
    journal.map(({ status }) => status),
    [200, 401],
  );
  assert.equal(await fake.stop("SIGTERM"), 0);
  await assert.rejects(ask("right"));
});

test("flow test --ui serves the page with the flow behind it and opens the browser there", async (context) => {
  const flow = writeFolder(context, {
    "flow.dag.yaml": `inputs:
  question: {type: string, is_chat_input: true}
outputs:
  answer: {type: string, reference: "\${say.output}", is_chat_output: true}
nodes:
- {name: say, type: prompt, source: {type: code, path: say.jinja2}, inputs: {question: "\${inputs.question}"}}
`,
    "say.jinja2": "You said {{ question }}.",
    "browser.sh":
      '#!/bin/sh\nprintf %s "$1" > "$(dirname "$0")/opened.part"\nmv "$(dirname "$0")/opened.part" "$(dirname "$0")/opened"\n',
  });
  chmodSync(path.join(flow, "browser.sh"), 0o755);
  const home = ["--home", path.join(flow, ".home")];
  const refused = await runHere(["flow", "test", "--flow", flow, "--ui", "--node", "say", ...home]);
  assert.match(refused.stderr, /--ui shows the flow as it is served; leave --node out/);
  const page = await startCommand(["flow", "test", "--flow", flow, "--ui", "--port", "0", ...home], {
    env: { BROWSER: path.join(flow, "browser.sh") },
    ready: /^ {2}(http:\/\/\S+)$/m,
  });
  context.after(() => page.stop("SIGKILL"));
  const opened = path.join(flow, "opened");
  for (const deadline = Date.now() + 30_000; !existsSync(opened); await delay(20))
    assert.ok(Date.now() < deadline, "no browser was opened");
  assert.equal(new URL(readFileSync(opened, "utf8")).origin, new URL(page.found).origin);
  const answer = await fetch(page.found);
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /<!doctype html>/i);
  assert.equal(await page.stop("SIGINT"), 0);
});

test("a served flow speaks https with the configuration's certificate", async (context) => {
  const authority = await testAuthority();
  const { cert, key } = await authority.issue({ serial: "0a" });
  const folder = writeFolder(context, { ...FIXED_FLOW, "cert.pem": cert, "key.pem": key });
  const [certFile, keyFile, config] = ["cert.pem", "key.pem", "flowstead.yaml"].map((name) => path.join(folder, name));
  writeFileSync(config ?? "", JSON.stringify({ tls: { cert_file: certFile, key_file: keyFile } }));
  const served = await startCommand(
    ["flow", "serve", "--source", folder, "--port", "0", "--home", path.join(folder, "home"), "--config", config ?? ""],
    { ready: /^(https:\/\/\S+\/score)$/m },
  );
  context.after(() => served.stop());
  const agent = new Agent({ connect: { ca: authority.cert } });
  context.after(() => agent.close());
  const answer = await fetchOver(served.found, { method: "POST", body: "{}", dispatcher: agent });
  assert.deepEqual([answer.status, await answer.json()], [200, { text: "fixed" }]);
  const plain = await fetch(served.found.replace("https", "http"), { method: "POST", body: "{}" });
  assert.deepEqual([plain.status, /https instead of http/.test(await plain.text())], [400, true]);
});

test("servers say why they do not start", async (context) => {
  const { port, flow } = await takenPort(context);
  const script = (name: string): Promise<{ code: number | null; stderr: string }> =>
    runHere(["dev", "fake-model", "--port", "0", "--script", path.join(flow, name)]);
  const [busyModel, busyFlow, open, absent, wrong] = await Promise.all([
    runHere(["dev", "fake-model", "--port", String(port)]),
    runHere(["flow", "serve", "--source", flow, "--port", String(port), "--home", path.join(flow, "home")]),
    runHere(["flow", "serve", "--source", flow, "--host", "0.0.0.0", "--port", "0"]),
    script("absent.json"),
    script("wrong.json"),
  ]);
  for (const { code, stderr } of [busyModel, busyFlow, open, absent, wrong]) {
    assert.equal(code, 1);
    assert.doesNotMatch(stderr, /\.ts:\d+|This is a bug/);
  }
  assert.match(busyModel.stderr, new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`));
  assert.match(busyFlow.stderr, new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`));
  assert.match(open.stderr, /Refusing to listen on 0\.0\.0\.0: a served flow has no authentication/);
  assert.match(absent.stderr, /Cannot read the script .*absent\.json/);
  assert.match(wrong.stderr, /wrong\.json is no script:.*tokensPerMinute/s);
});

const FIXED_FLOW = { "flow.dag.yaml": 'outputs: {text: {type: string, reference: "fixed"}}\nnodes: []\n' };

/** A port that somebody listens on, and a flow that could be served there. */
async function takenPort(context: TestContext): Promise<{ port: number; flow: string }> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  context.after(() => server.close());
  const flow = writeFolder(context, {
    ...FIXED_FLOW,
    "wrong.json": '{"tokensPerMinute": 5}',
  });
  return { port: (server.address() as AddressInfo).port, flow };
}
