// Limits that processes share, against a real Redis.

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import type { RateLimiter } from "../../src/gateway/limit.ts";
import { openRateLimiter } from "../../src/gateway/provider/index.ts";
import { sourceFile } from "../program.ts";

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

test("without Redis each process keeps the limit by itself, and goes back to it", { skip }, async () => {
  const limiter = await open();
  try {
    const charge = { key: "alone", perMinute: 2, amount: 1 };
    server?.kill();
    await new Promise((resolve) => server?.once("exit", resolve));
    const alone = [];
    for (let call = 0; call < 3; call++) alone.push((await limiter.take([charge])).ok);
    assert.deepEqual(alone, [true, true, false]);
    await start();
    // Back with Redis, it finds what another process has taken there.
    const other = await open();
    await other.correct([{ key: "proof", perMinute: 1, amount: 5 }]);
    for (let round = 0; (await limiter.take([{ key: "proof", perMinute: 1, amount: 0.0001 }])).ok; round++) {
      assert.ok(round < 500, "it does not come back");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await other.close();
  } finally {
    await limiter.close();
  }
});
