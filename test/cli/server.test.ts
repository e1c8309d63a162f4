// Commands around servers: the fake model, a flow served alone, and the endpoint's keys.

import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryHome } from "../e2e/system.ts";
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

/** A port that somebody listens on, and a flow that could be served there. */
async function takenPort(context: TestContext): Promise<{ port: number; flow: string }> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  context.after(() => server.close());
  const flow = writeFolder(context, {
    "flow.dag.yaml": 'outputs: {text: {type: string, reference: "fixed"}}\nnodes: []\n',
    "wrong.json": '{"tokensPerMinute": 5}',
  });
  return { port: (server.address() as AddressInfo).port, flow };
}
