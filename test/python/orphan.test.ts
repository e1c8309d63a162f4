// A worker whose engine was killed ends, whatever it was about to say.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { encodeFrame } from "../../src/python/frame.ts";
import { DEFAULT_PYTHON, workerEnvironment, workerProgram } from "../../src/python/interpreter.ts";
import { code, sourceModule } from "../program.ts";
import { isGone } from "./gone.ts";

test("what a node has started ends with the engine that was killed", { timeout: 60_000 }, async (context) => {
  const directory = mkdtempSync(path.join(tmpdir(), "orphan-"));
  const note = path.join(directory, "pid");
  const source = `import subprocess
from promptflow.core import tool
@tool
def f():
    child = subprocess.Popen(["sleep", "600"])
    with open(${JSON.stringify(note)}, "w") as file:
        file.write(str(child.pid))
    child.wait()
`;
  writeFileSync(path.join(directory, "tool.py"), source);
  // An engine that is killed: it has no time to end anything.
  const engine = spawn(process.execPath, code(ENGINE), { env: { ...process.env, DIRECTORY: directory } });
  context.after(() => {
    engine.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });
  let told = "";
  engine.stderr.on("data", (text: Buffer) => (told += text.toString()));
  while (!existsSync(note) || readFileSync(note, "utf8") === "") {
    assert.equal(engine.exitCode, null, told);
    await delay(20);
  }
  engine.kill("SIGKILL");
  assert.ok(await isGone(Number(readFileSync(note, "utf8"))));
});

const ENGINE = `
import { createPythonPool } from ${JSON.stringify(sourceModule("src/python/pool.ts"))};
const pool = createPythonPool({ directory: process.env.DIRECTORY, env: { PATH: process.env.PATH } });
await pool.load("tool.py");
const call = { file: "tool.py", inputs: {}, init: [], connections: {}, images: [], imageFormat: "basic" };
const listener = { onText() {}, onLog() {}, onMetric() {} };
await pool.session("run").call(call, listener, new AbortController().signal);
`;

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
