// Starting, stopping, crashing and starting again; losing an instance under load.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startFakeModel } from "../../src/model/fake/server.ts";
import { ask } from "./chat-client.ts";
import { instancesOf, isAlive, runCommand, startSystem, temporaryHome } from "./system.ts";

const SENTENCE = "The answer has several words and takes a while to say. [1] ";
/** Goes on for half an hour: it can only be cut off. */
const CUT_OFF = "A question that is cut off";
const fake = await startFakeModel({
  script: {
    reply: ({ lastText }) => SENTENCE.repeat(lastText.includes(CUT_OFF) ? 6_000 : 4),
    firstTokenMs: 50,
    tokensPerSecond: 40,
  },
});
const { home, remove } = await temporaryHome();
const env = { OPENAI_BASE_URL: `${fake.url}/v1`, OPENAI_MODEL: "fake-model" };
after(async () => {
  await fake.close();
  await remove();
});

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(`still not: ${what}`);
    await delay(50);
  }
}

test("an instance that is killed amid 100 chats costs no answer that had not begun, and no later one", async (context) => {
  const system = await startSystem({ home, env });
  context.after(() => system.stop("SIGKILL"));
  const [victim] = await instancesOf(system.process.pid ?? 0);
  assert.ok(victim, "the instances are children of the system");
  let broken = 0;
  const begun = new Set<number>();
  let killed = false;
  let lastReady = "";
  context.after(() => context.diagnostic(lastReady));
  const chats = Array.from({ length: 100 }, async (_, index) => {
    await delay(index * 15);
    const startedAfterKill = killed;
    const answer = await ask(system.url, `Question ${index}?`, undefined, ({ type }) => {
      if (type === "text-delta") begun.add(index);
    });
    if (answer.error === undefined) assert.equal(answer.text, SENTENCE.repeat(4));
    else {
      broken++;
      assert.ok(answer.text.length > 0, `an answer that had not begun was lost: ${answer.error}`);
      assert.ok(!startedAfterKill, `a chat after the kill failed: ${answer.error}`);
    }
  });
  await until("thirty answers have begun", () => begun.size >= 30);
  process.kill(victim, "SIGKILL");
  killed = true;
  await Promise.all(chats);
  context.diagnostic(`${broken} of 100 answers had begun on the killed instance and ended with an error`);
  // On a busy machine all that the killed one had begun may have left it by then.
  assert.ok(broken < 60, `${broken} answers ended, though only those on the killed instance may`);
  assert.ok(!isAlive(victim), "the instance was killed");
  await until("three instances are ready again", async () => {
    const response = await fetch(`${system.url}/readyz`);
    lastReady = await response.text();
    return response.status === 200;
  });
  assert.equal((await instancesOf(system.process.pid ?? 0)).length, 3);

  const children = await instancesOf(system.process.pid ?? 0);
  assert.equal(await system.stop("SIGINT"), 0);
  await until("nothing is left running", () => children.every((pid) => !isAlive(pid)));
});

test("the second start is warm, and conversations and keys are still there", async () => {
  const first = await startSystem({ home, env });
  assert.doesNotMatch(first.output(), /Indexing documents|\d+ added/);
  const { items } = (await (await fetch(`${first.url}/api/conversations?limit=5`)).json()) as { items: object[] };
  assert.equal(items.length, 5);
  const credentials = await runCommand([
    "online-endpoint",
    "get-credentials",
    "-n",
    "chat",
    "-o",
    "json",
    "--home",
    home,
  ]);
  const { primaryKey } = JSON.parse(credentials.stdout) as { primaryKey: string };
  const score = await fetch(`${first.url}/endpoints/chat/score`, {
    method: "POST",
    headers: { authorization: `Bearer ${primaryKey}` },
    body: JSON.stringify({ question: "Hello?" }),
  });
  assert.equal(score.status, 200);
  const log = await readFile(path.join(home, "logs", "flowstead.log"), "utf8");
  assert.ok(!log.includes(primaryKey), "keys stay out of the log");
  await first.stop();
});

test("a second process on the same state is refused and says why", async () => {
  const first = await startSystem({ home, env });
  const second = await runCommand(["up", "--home", home, "--port", "0"], env);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /in use by process \d+/);
  await first.stop();
});

test("after kill -9 its instances end by themselves, and it starts again from what it had", async () => {
  const system = await startSystem({ home, env });
  const children = await instancesOf(system.process.pid ?? 0);
  const conversation = crypto.randomUUID();
  let hasBegun = false;
  const running = ask(system.url, CUT_OFF, conversation, ({ type }) => (hasBegun ||= type === "text-delta"));
  // That it breaks off is what is wanted here, whenever it does.
  const cutOff = running.then(
    ({ text }) => `whole: ${text}`,
    () => "cut off",
  );
  await until("the answer has begun", () => hasBegun);
  await system.stop("SIGKILL");
  assert.equal(await cutOff, "cut off");
  await until("orphaned instances end", () => children.every((pid) => !isAlive(pid)));

  const again = await startSystem({ home, env });
  const view = (await (await fetch(`${again.url}/api/conversations/${conversation}`)).json()) as {
    messages: { role: string; status?: string }[];
  };
  assert.deepEqual(
    view.messages.map(({ role, status }) => [role, status ?? "complete"]),
    [
      ["user", "complete"],
      ["assistant", "interrupted"],
    ],
  );
  assert.equal((await ask(again.url, "And now?", conversation)).error, undefined);
  await again.stop();
  assert.ok(!existsSync(path.join(home, "running.json")));
});

test("a wrong key and a dead server are said in the chat", async () => {
  const guarded = await startFakeModel({ script: { keys: ["right"] } });
  const wrongKey = await startSystem({
    home,
    env: { OPENAI_BASE_URL: `${guarded.url}/v1`, OPENAI_API_KEY: "wrong", OPENAI_MODEL: "m" },
  });
  const refused = await ask(wrongKey.url, "Hello?");
  assert.match(refused.error ?? "", /key/i);
  assert.doesNotMatch(refused.error ?? "", /wrong"| at .*\.ts/);
  await guarded.close();
  const dead = await ask(wrongKey.url, "Hello?");
  assert.match(dead.error ?? "", /127\.0\.0\.1:\d+/);
  await wrongKey.stop();
});
