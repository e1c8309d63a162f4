// What works less well than it is configured to is told where somebody starts the system, and to who asks whether it is ready.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { startSystem, temporaryHome } from "../e2e/system.ts";

test("a Redis that cannot be reached: the system starts, warns on the terminal, and says so in /readyz", async (context) => {
  const { home, remove } = await temporaryHome();
  context.after(remove);
  const config = path.join(path.dirname(home), "flowstead.yaml");
  const documents = { folder: path.dirname(home) };
  const settings = {
    gateway: { redis: "redis://me:secret@127.0.0.1:1/0" },
    endpoint: { instances: 1 },
    documents,
  };
  await writeFile(config, JSON.stringify(settings));
  const system = await startSystem({ home, args: ["--config", config] });
  context.after(() => system.stop());
  const words = /limits: Redis at redis:\/\/127\.0\.0\.1:1\/0 cannot be used \(connect ECONNREFUSED 127\.0\.0\.1:1\)/;
  assert.match(system.output(), new RegExp(`Warning: ${words.source}`));
  const answer = await fetch(`${system.url}/readyz`);
  const { ready, degraded } = (await answer.json()) as { ready: boolean; degraded: { name: string; reason: string }[] };
  assert.deepEqual([answer.status, ready, degraded.length], [200, true, 1]);
  assert.match(`${degraded[0]?.name}: ${degraded[0]?.reason}`, words);
  assert.ok(!(system.output() + JSON.stringify(degraded)).includes("secret"));
});
