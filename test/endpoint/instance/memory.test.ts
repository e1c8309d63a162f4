import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { memoryLimit, treeMemory } from "../../../src/endpoint/instance/memory.ts";

test("limits are quantities as clusters write them", () => {
  const of = (memory: string): number | undefined => memoryLimit({ limits: { memory } });
  assert.deepEqual(
    [of("512Mi"), of("1.5Gi"), of("2G"), of("1000"), of("1000k")],
    [2 ** 29, 1.5 * 2 ** 30, 2e9, 1e3, 1e6],
  );
  assert.deepEqual(
    [of("much"), of(""), memoryLimit(undefined), memoryLimit({ requests: { memory: "1Gi" } })],
    [undefined, undefined, undefined, undefined],
  );
});

test(
  "what processes below an instance take counts as its own",
  { skip: process.platform !== "linux" },
  async (context) => {
    const hold = 'globalThis.held = Buffer.alloc(64 * 2 ** 20, 1); console.log("held"); setInterval(() => {}, 1000);';
    const child = spawn(process.execPath, ["-e", hold], { stdio: ["ignore", "pipe", "ignore"] });
    context.after(() => child.kill("SIGKILL"));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const own = (await treeMemory(child.pid ?? 0)) ?? 0;
    assert.ok(own > 64 * 2 ** 20, `${own}`);
    assert.ok(((await treeMemory(process.pid)) ?? 0) > own);
    assert.equal(await treeMemory(2 ** 30), undefined);
  },
);
