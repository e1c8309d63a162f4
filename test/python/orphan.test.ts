// A worker whose engine was killed ends, whatever it was about to say.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { encodeFrame } from "../../src/python/frame.ts";
import { DEFAULT_PYTHON, workerEnvironment, workerProgram } from "../../src/python/interpreter.ts";

test("a worker ends when nobody hears its answers any more", { timeout: 60_000 }, async (context) => {
  const directory = mkdtempSync(path.join(tmpdir(), "orphan-"));
  const child = spawn(DEFAULT_PYTHON, [workerProgram()], {
    env: workerEnvironment(directory, { PATH: process.env["PATH"] }),
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  context.after(() => {
    child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });
  const channel = child.stdio[3] as Duplex;
  channel.on("error", () => {});
  await once(channel, "data");
  const ended = once(child, "exit");
  // More answers than a socket holds: it is writing one when the other side goes, and with it who read its errors.
  channel.pause();
  for (let id = 1; id <= 20_000; id++) channel.write(encodeFrame({ t: "ping", id }));
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.stdout?.destroy();
  child.stderr?.destroy();
  channel.destroy();
  await ended;
  assert.equal(child.signalCode, null);
});
