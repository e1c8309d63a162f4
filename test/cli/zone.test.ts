// Commands for a running system, where there is none, or what said that it runs is gone.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { runHere } from "./in-process.ts";

const home = mkdtempSync(path.join(tmpdir(), "zone-"));
after(() => rmSync(home, { recursive: true, force: true }));

const announce = (pid: number, url: string): void =>
  writeFileSync(path.join(home, "running.json"), JSON.stringify({ pid, url, token: "a-token" }));

/** An address at which nobody listens any more. */
async function deadAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

test("a command for the running system says which system is not there, and what to do", async () => {
  const none = await runHere(["zone", "list", "--home", home]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, new RegExp(`No system runs on ${home}\\. Start one with "flowstead up"`));

  const killed = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => killed.once("exit", resolve));
  announce(killed.pid ?? 0, await deadAddress());
  const gone = await runHere(["zone", "list", "--home", home]);
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, new RegExp(`was killed \\(process ${killed.pid}\\)\\. Start one with "flowstead up"`));

  const url = await deadAddress();
  announce(process.pid, url);
  const silent = await runHere(["zone", "list", "--home", home]);
  assert.equal(silent.code, 1);
  assert.match(silent.stderr, new RegExp(`\\(process ${process.pid}, ${url}\\) cannot be reached`));
});
