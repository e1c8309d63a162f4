// Limits that processes share, against a real Redis.

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SILENT } from "../../src/base/log.ts";
import type { RateLimiter } from "../../src/gateway/limit.ts";
import { openRateLimiter } from "../../src/gateway/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { sourceFile } from "../program.ts";
import { serve } from "./served.ts";

const skip = noRedis();
const folder = await mkdtemp(path.join(tmpdir(), "redis-"));
const socket = path.join(folder, "redis.sock");
let server: ChildProcess | undefined;
after(async () => {
  if (server && server.exitCode === null) {
    server.kill();
    await new Promise((resolve) => server?.once("exit", resolve));
  }
  await rm(folder, { recursive: true, force: true });
});

function noRedis(): string | undefined {
  try {
    execFileSync("which", ["redis-server"], { stdio: "ignore" });
    return undefined;
  } catch {
    if (process.env.CI === "true") throw new Error("CI must have Redis: install the Debian package `redis-server`.");
    return "Redis is not installed (Debian package `redis-server`)";
  }
}

async function start(): Promise<void> {
  server = spawn("redis-server", ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder], {
    stdio: "ignore",
  });
  for (let round = 0; !existsSync(socket); round++) {
    assert.ok(round < 1000, "Redis does not start");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const open = (): Promise<RateLimiter> => openRateLimiter({ redis: socket, log: SILENT });

test("processes share a limit exactly, under calls at one time", { skip, timeout: 60_000 }, async () => {
  await start();
  const program = sourceFile("test/gateway/limiting-process.ts");
  const child = spawn(process.execPath, [...program, socket, "75"], { stdio: ["pipe", "pipe", "inherit"] });
  const opened = once(child.stdout, "data");
  const limiters = await Promise.all([open(), open()]);
  try {
    await opened;
    const told = once(child.stdout, "data");
    const began = performance.now();
    child.stdin.write("take");
    const charge = { key: "shared", perMinute: 60, amount: 1 };
    const results = await Promise.all(
      Array.from({ length: 75 }, (_, call) => Promise.resolve(limiters[call % 2]?.take([charge]))),
    );
    const [elsewhere] = (await told) as [Buffer];
    const taken = results.filter((result) => result?.ok).length + Number(elsewhere.toString());
    // One more for each second that this has taken.
    const most = 60 + Math.ceil((performance.now() - began) / 1000);
    assert.ok(taken >= 60 && taken <= most, `${taken} of 60 to ${most}`);
    const refused = results.find((result) => result?.ok === false);
    assert.ok(refused && !refused.ok && refused.retryAfterMs > 0 && refused.retryAfterMs <= 1000);
  } finally {
    child.kill();
    await Promise.all(limiters.map((limiter) => limiter.close()));
  }
});

test("all or none, corrections and debts", { skip }, async () => {
  const [one, other] = await Promise.all([open(), open()]);
  try {
    const wide = { key: "wide", perMinute: 1000, amount: 100 };
    const narrow = { key: "narrow", perMinute: 1, amount: 1 };
    assert.equal((await one.take([wide, narrow])).ok, true);
    const refused = await other.take([wide, narrow]);
    assert.ok(!refused.ok && refused.charge.key === "narrow");
    assert.equal((await other.take([{ ...wide, amount: 890 }])).ok, true, "what did not fit took nothing");
    await one.correct([{ ...wide, amount: -890 }]);
    assert.equal((await other.take([{ ...wide, amount: 880 }])).ok, true);
    await one.correct([{ ...wide, amount: 1000 }]);
    const indebted = await other.take([{ ...wide, amount: 10 }]);
    assert.ok(!indebted.ok && indebted.retryAfterMs > 50_000);
  } finally {
    await Promise.all([one.close(), other.close()]);
  }
});

async function stop(): Promise<void> {
  const ended = new Promise((resolve) => server?.once("exit", resolve));
  server?.kill("SIGKILL");
  await ended;
  // Whoever is killed leaves it, and it is how a start is seen.
  await rm(socket, { force: true });
}

async function untilShared(limiter: RateLimiter): Promise<void> {
  for (let round = 0; limiter.problem() !== undefined; round++) {
    assert.ok(round < 500, `it does not come back: ${limiter.problem()}`);
    await delay(20);
  }
}

async function taken(limiter: RateLimiter, key: string, calls: number): Promise<number> {
  let count = 0;
  for (let call = 0; call < calls; call++) if ((await limiter.take([{ key, perMinute: 60, amount: 1 }])).ok) count++;
  return count;
}

/** Nearest to what a bucket of 60 gives, which fills by one each second. */
function assertTaken(count: number, begunAt: number): void {
  const seconds = Math.ceil((performance.now() - begunAt) / 1000);
  assert.ok(count >= 59 && count <= 60 + seconds, `${count} taken in ${seconds} s`);
}

test(
  "a limit stays what it is while Redis is lost, and when it comes back without what it knew",
  { skip },
  async () => {
    const limiter = await open();
    try {
      const begunAt = performance.now();
      const before = await taken(limiter, "lost", 40);
      assert.equal(before, 40);
      await stop();
      const alone = await taken(limiter, "lost", 30);
      assert.ok(limiter.problem()?.includes(socket), limiter.problem());
      assertTaken(before + alone, begunAt);
      await start();
      await untilShared(limiter);
      const other = await open();
      const elsewhere = await taken(other, "lost", 30);
      await other.close();
      assertTaken(before + alone + elsewhere, begunAt);
    } finally {
      await limiter.close();
    }
  },
);

test("what was let through without Redis, and given back, is charged when it is there again", { skip }, async () => {
  const [limiter, other] = [await open(), await open()];
  try {
    const begunAt = performance.now();
    const charge = { key: "back", perMinute: 60, amount: 10 };
    assert.equal((await other.take([charge])).ok, true);
    // It goes on with what it knew: it only stands still.
    server?.kill("SIGSTOP");
    assert.equal((await limiter.take([charge])).ok, true);
    assert.ok(limiter.problem());
    const asked = performance.now();
    for (let call = 0; call < 3; call++) assert.equal((await limiter.take([charge])).ok, true);
    await limiter.correct([{ ...charge, amount: -5 }]);
    assert.ok(performance.now() - asked < 500, "one call has waited for it, and no other does");
    server?.kill("SIGCONT");
    await untilShared(limiter);
    // Of 60, 10 and 4 times 10 but 5 are gone; what it was asked while it stood still may be done by now, too.
    const left = await taken(other, "back", 60);
    const seconds = Math.ceil((performance.now() - begunAt) / 1000);
    assert.ok(left >= 5 && left <= 15 + seconds, `${left} left after ${seconds} s`);
  } finally {
    server?.kill("SIGCONT");
    await Promise.all([limiter.close(), other.close()]);
  }
});

test(
  "callers see nothing of a Redis that is killed and started again, and the ledger has every call",
  { skip, timeout: 60_000 },
  async (context) => {
    const fake = await fakeModel(context, { reply: "one two three" });
    const served = await serve(context, {
      models: [{ provider: "openai", base_url: `${fake.url}/v1`, model: "m" }],
      gateway: {
        redis: socket,
        limits: [{ principal: "*", requests_per_minute: 10_000, tokens_per_minute: 1_000_000 }],
      },
    });
    const client = served.openai();
    const messages = [{ role: "user" as const, content: "Hi there" }];
    const calls: Promise<unknown>[] = [];
    let isOver = false;
    const calling = (async (): Promise<void> => {
      for (; !isOver; await delay(10)) calls.push(client.chat.completions.create({ model: "default", messages }));
    })();
    try {
      await delay(300);
      await stop();
      await delay(500);
      await start();
      for (let round = 0; served.degraded().length > 0; round++) {
        assert.ok(round < 500, "it does not come back");
        await delay(20);
      }
      await delay(300);
    } finally {
      isOver = true;
      await calling;
    }
    await Promise.all(calls);
    const [sum] = await served.ledger.sums(["principal"]);
    assert.deepEqual([sum?.requests, sum?.completion_tokens], [calls.length, calls.length * 3]);
    assert.equal(
      sum?.completion_tokens,
      fake.journal.entries.reduce((all, { usage }) => all + usage.completion_tokens, 0),
    );
  },
);

test(
  "a Redis that is not there at the start is told, without its password, and used when it comes",
  { skip },
  async () => {
    await stop();
    const nowhere = await openRateLimiter({ redis: "redis://me:secret@127.0.0.1:1/0", log: SILENT });
    assert.match(
      nowhere.problem() ?? "",
      /redis:\/\/127\.0\.0\.1:1\/0 cannot be used \(connect ECONNREFUSED .*gateway\.redis/,
    );
    assert.ok(!nowhere.problem()?.includes("secret"));
    await nowhere.close();
    const limiter = await open();
    try {
      const charge = { key: "alone", perMinute: 2, amount: 1 };
      const alone = [];
      for (let call = 0; call < 3; call++) alone.push((await limiter.take([charge])).ok);
      assert.deepEqual(alone, [true, true, false]);
      await start();
      await untilShared(limiter);
      // Back with Redis, it finds what another process has taken there.
      const other = await open();
      await other.correct([{ key: "proof", perMinute: 1, amount: 5 }]);
      assert.equal((await limiter.take([{ key: "proof", perMinute: 1, amount: 0.0001 }])).ok, false);
      await other.close();
    } finally {
      await limiter.close();
    }
  },
);
