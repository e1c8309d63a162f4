// The exact calls that a pool of regions makes, asserted against what each region has seen. Each fault: region-fault.test.ts.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { type BalancedModel, balancedModel, type BalancedOptions } from "../../src/model/balanced.ts";
import type { ChatChunk, ChatModel, ChatRequest } from "../../src/model/chat-model.ts";
import type { FakeScript, Fault } from "../../src/model/fake/script.ts";
import { type FakeModelServer, startFakeModel } from "../../src/model/fake/server.ts";
import { openModel } from "../../src/model/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { collect, collectUntilFailure, never, textOf } from "../model-suite.ts";

const ASK: ChatRequest = { messages: [{ role: "user", content: "Hi" }], stream: true, parameters: {} };
const TOO_MANY = (headers: Record<string, string> = {}): Fault => ({ kind: "status", status: 429, headers });

interface Regions {
  model: BalancedModel;
  /** Names of the regions in the order in which they were called. */
  calls(): string[];
  fakes: Record<string, FakeModelServer>;
}

/** A pool whose regions are tried in the order given, each with its own faults. */
async function regions(
  context: TestContext,
  scripts: Record<string, FakeScript & { always?: Fault }>,
  options: BalancedOptions & { keys?: Record<string, string> } = {},
): Promise<Regions> {
  const fakes: Record<string, FakeModelServer> = {};
  for (const [name, { always, ...script }] of Object.entries(scripts)) {
    const faults = [...(script.faults ?? []), ...(always ? [{ times: 0, fault: always }] : [])];
    fakes[name] = await fakeModel(context, { reply: `from ${name} with love`, ...script, faults });
  }
  const members = Object.entries(fakes).map(([region, { url }], priority) => ({
    region,
    priority,
    model: openModel({
      provider: "openai",
      baseUrl: `${url}/v1`,
      apiKey: options.keys?.[region] ?? "key",
      model: "m",
      region,
    }),
  }));
  const model = balancedModel(members, options);
  context.after(() => model.close());
  const calls = (): string[] =>
    Object.entries(fakes)
      .flatMap(([name, fake]) =>
        fake.journal.entries.map((entry) => ({ name, time: entry.time, number: entry.number })),
      )
      .sort((a, b) => a.time - b.time || a.number - b.number)
      .map(({ name }) => name);
  return { model, calls, fakes };
}

test("the caller's own errors are not tried elsewhere and eject nobody", async (context) => {
  const { model, calls } = await regions(context, {
    east: {
      faults: [{ fault: { kind: "status", status: 400 } }, { fault: { kind: "filter-prompt" } }],
      models: ["m"],
    },
    west: {},
  });
  assert.equal((await collectUntilFailure(model.chat(ASK, never()))).error.code, "ModelRejected");
  assert.equal((await collectUntilFailure(model.chat(ASK, never()))).error.code, "ModelContentFiltered");
  assert.equal(
    (await collectUntilFailure(model.chat({ ...ASK, model: "other" }, never()))).error.code,
    "ModelNotFound",
  );
  assert.equal(textOf(await collect(model.chat(ASK, never()))), "from east with love");
  assert.deepEqual(calls(), ["east", "east", "east", "east"]);
});

test("a refused key of ours takes the region out, and another one answers", async (context) => {
  const { model, calls } = await regions(context, { east: { keys: ["right"] }, west: {} }, { keys: { east: "wrong" } });
  assert.equal(textOf(await collect(model.chat(ASK, never()))), "from west with love");
  await collect(model.chat(ASK, never()));
  assert.deepEqual(calls(), ["east", "west", "west"]);
});

test("all regions at their limit: 429 with the smallest wait, and no further calls", async (context) => {
  const { model, calls } = await regions(context, {
    east: { always: TOO_MANY({ "retry-after": "40" }) },
    west: { always: TOO_MANY({ "retry-after-ms": "30000" }) },
  });
  const first = (await collectUntilFailure(model.chat(ASK, never()))).error;
  const second = (await collectUntilFailure(model.chat(ASK, never()))).error;
  for (const error of [first, second]) {
    assert.equal(error.code, "ModelRateLimited");
    assert.equal(error.status, 429);
    assert.ok(
      error.retryAfterMs && error.retryAfterMs > 25_000 && error.retryAfterMs <= 30_000,
      `${error.retryAfterMs}`,
    );
  }
  assert.deepEqual(calls(), ["east", "west"]);
});

test("all regions at their limit: waits for the first to be free when that is soon", async (context) => {
  const { model, calls } = await regions(context, {
    east: { faults: [{ fault: TOO_MANY({ "retry-after": "40" }) }] },
    west: { faults: [{ fault: TOO_MANY({ "retry-after-ms": "50" }) }] },
  });
  assert.equal(textOf(await collect(model.chat(ASK, never()))), "from west with love");
  assert.deepEqual(calls(), ["east", "west", "west"]);
});

test("a pool of one asks its server a second time after a lost connection", async (context) => {
  const { model, calls } = await regions(
    context,
    { east: { faults: [{ fault: { kind: "reset" } }] } },
    { backoffMs: 1 },
  );
  assert.equal(textOf(await collect(model.chat(ASK, never()))), "from east with love");
  assert.deepEqual(calls(), ["east", "east"]);
});

test("a pool of one with a wrong key says so every time", async (context) => {
  const { model } = await regions(context, { east: { keys: ["right"] } });
  for (let call = 0; call < 3; call++) {
    assert.equal((await collectUntilFailure(model.chat(ASK, never()))).error.code, "ModelUnauthorized");
  }
});

test("a dead pool names the host", async (context) => {
  const dead = openModel({ provider: "openai", baseUrl: "http://127.0.0.1:9/v1", model: "m" });
  const model = balancedModel([{ model: dead }], { backoffMs: 1 });
  context.after(() => model.close());
  for (let call = 0; call < 8; call++) {
    const { error } = await collectUntilFailure(model.chat(ASK, never()));
    assert.equal(error.code, "ModelUnreachable");
    assert.match(error.message, /127\.0\.0\.1:9/);
  }
});

test("abort while every region cools down ends the wait", async (context) => {
  const { model } = await regions(context, { east: { always: TOO_MANY({ "retry-after": "5" }) } });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 30);
  const start = performance.now();
  assert.equal((await collectUntilFailure(model.chat(ASK, controller.signal))).error.code, "Canceled");
  assert.ok(performance.now() - start < 4500, "it waited for the region");
});

test("abort stops the region that answers and asks no other", async (context) => {
  const { model, calls, fakes } = await regions(context, {
    east: { reply: "a ".repeat(500), tokensPerSecond: 200 },
    west: {},
  });
  const controller = new AbortController();
  const reading = (async () => {
    for await (const chunk of model.chat(ASK, controller.signal)) if (textOf([chunk])) controller.abort();
  })();
  await assert.rejects(reading, { code: "Canceled" });
  assert.equal((await fakes.east?.journal.until(() => true))?.outcome, "aborted");
  assert.deepEqual(calls(), ["east"]);
});

for (const way of ["chat", "relay"] as const) {
  test(
    `abort before a region has begun to answer closes the connection to it and asks no other (${way})`,
    { timeout: 30_000 },
    async (context) => {
      const { model, calls, fakes } = await regions(context, { east: {}, west: {} });
      // Bytes are passed on once the server has shown that it tells its usage.
      await collect(model.chat(ASK, never()));
      fakes.east?.script({ faults: [{ fault: { kind: "stall" } }] });
      const controller = new AbortController();
      const answer: AsyncIterable<unknown> | undefined = model[way]?.(ASK, controller.signal);
      assert.ok(answer);
      const reading = (async () => {
        for await (const part of answer) assert.fail(`it answers: ${JSON.stringify(part)}`);
      })();
      const ended = assert.rejects(reading, { code: "Canceled" });
      await until(() => calls().length === 2);
      controller.abort();
      await ended;
      assert.equal((await fakes.east?.journal.until(({ number }) => number > 1))?.outcome, "aborted");
      assert.deepEqual(calls(), ["east", "east"]);
    },
  );
}

test("probes take a dead region out before any call meets it, and let it in again", async (context) => {
  const { model, calls, fakes } = await regions(
    context,
    { east: {}, west: {} },
    { health: { periodMs: 10, failureThreshold: 2, timeoutMs: 5000 } },
  );
  const east = model.pool.members[0];
  assert.ok(east && fakes.east);
  const port = Number(new URL(fakes.east.url).port);
  await fakes.east.close();
  await until(() => !east.isReady);
  assert.equal(textOf(await collect(model.chat(ASK, never()))), "from west with love");
  const revived = await startFakeModel({ port, script: { reply: "from east again" } });
  context.after(() => revived.close());
  await until(() => east.isReady);
  assert.equal(textOf(await collect(model.chat(ASK, never()))), "from east again");
  assert.deepEqual(calls().filter((name) => name === "west").length, fakes.west?.journal.entries.length);
});

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("a pool of one is asked however often it fails; a limit is no failure of a region's circuit", async (context) => {
  const alone = await regions(
    context,
    { east: { always: { kind: "status", status: 500 } } },
    { backoffMs: 1, breaker: { failures: 1, openMs: 60_000 } },
  );
  for (let call = 0; call < 3; call++) {
    const { error } = await collectUntilFailure(alone.model.chat(ASK, never()));
    assert.equal(error.status, 502, error.message);
  }
  assert.equal(alone.calls().length, 6);
  const two = await regions(
    context,
    { east: { faults: [{ fault: TOO_MANY({ "retry-after-ms": "1" }) }] }, west: {} },
    { breaker: { failures: 1, openMs: 60_000 } },
  );
  await collect(two.model.chat(ASK, never()));
  assert.deepEqual(two.calls(), ["east", "west"]);
  for (const deadline = Date.now() + 20_000; two.calls().at(-1) !== "east" && Date.now() < deadline;)
    await collect(two.model.chat(ASK, never()));
  assert.equal(two.calls().at(-1), "east", "it is asked again when its time is over");
});

test("a pool is well while one of its regions is", async (context) => {
  const keys = { east: "wrong", west: "right" };
  const half = await regions(context, { east: { keys: ["right"] }, west: { keys: ["right"] } }, { keys });
  await half.model.probe(never());
  const none = await regions(context, { east: { keys: ["right"] } }, { keys });
  await assert.rejects(none.model.probe(never()), { code: "ModelUnauthorized" });
});

function scripted(id: string, work: () => AsyncGenerator<ChatChunk>): ChatModel {
  return { id, chat: work, probe: async () => {}, close: async () => {} };
}

test("what comes before the first text, such as a filter's results, is not shown until there is text", async () => {
  const chunk = (more: object): ChatChunk => ({ id: "1", created: 1, model: "m", choices: [], ...more });
  const first = (from: string): ChatChunk => chunk({ prompt_filter_results: [{ prompt_index: 0, from }] });
  const text = chunk({ choices: [{ index: 0, delta: { content: "Hi" }, finish_reason: "stop" }] });
  const broken = scripted("broken", async function* () {
    yield first("broken");
    throw new FlowsteadError("ModelConnectionLost", "It broke.");
  });
  const well = scripted("well", async function* () {
    yield first("well");
    yield text;
  });
  const pool = balancedModel([{ model: broken }, { model: well, priority: 1 }]);
  assert.deepEqual(await collect(pool.chat(ASK, never())), [first("well"), text]);
  await pool.close();
});

test("thoughts and sound are shown as they come, and from then on nobody else is asked", async () => {
  for (const delta of [{ reasoning_content: "hm" }, { reasoning: "hm" }, { audio: { data: "AA" } }]) {
    let calls = 0;
    const chunk = { id: "1", created: 1, model: "m", choices: [{ index: 0, delta }] };
    const broken = scripted("broken", async function* () {
      calls++;
      yield chunk;
      throw new FlowsteadError("ModelConnectionLost", "It broke.");
    });
    const pool = balancedModel([{ model: broken }, { model: broken }]);
    const seen: ChatChunk[] = [];
    async function* watched(): AsyncGenerator<ChatChunk> {
      for await (const one of pool.chat(ASK, never())) {
        seen.push(one);
        yield one;
      }
    }
    const { error } = await collectUntilFailure(watched());
    assert.deepEqual([error.code, seen, calls], ["ModelConnectionLost", [chunk], 1]);
    await pool.close();
  }
});
