// Commands for a running system: the drill of losing a zone, and what is said where there is none, or what said that it runs is gone.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import { openDeployment } from "../../src/endpoint/deployment.ts";
import type { Fleet } from "../../src/endpoint/fleet.ts";
import { openSupervisedGroup } from "../../src/endpoint/supervised-group.ts";
import { openZones } from "../../src/endpoint/zone.ts";
import { controlRoutes } from "../../src/entry/route/control.ts";
import { openTestEntry } from "../fake/entry.ts";
import { fakeInstances } from "../fake/instance.ts";
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

test("a zone goes down by command with its instances, the others take its share, and it comes back", async (context) => {
  const fake = fakeInstances();
  const zones = openZones(["1", "2", "3"]);
  const never = { initialDelayMs: 60_000 };
  const start = fake.starter("one");
  const silence = { silentMs: 60_000, timeoutMs: 60_000 };
  const revision = { start, liveness: never, readiness: never, onTrouble: () => {}, silence, drainMs: 5_000 };
  const deployment = openDeployment({
    name: "blue",
    settings: {
      instanceCount: 6,
      requestSettings: { requestTimeoutMs: 10_000, maxConcurrentRequestsPerInstance: 1, maxQueueWaitMs: 0 },
      scaleSettings: { type: "default" },
    },
    log: SILENT,
    open: (room) => openSupervisedGroup({ ...room, name: "blue", zones, count: 6, revision, log: SILENT }),
  });
  const status = (): { deployments: Pick<typeof deployment, "name" | "instances">[] }[] => [
    { deployments: [{ name: "blue", instances: deployment.instances }] },
  ];
  const entry = await openTestEntry(deployment, {
    mount: async (app) =>
      void (await app.register(controlRoutes, { zones, fleet: { status } as unknown as Fleet, token: "a-token" })),
  });
  context.after(() => entry.close(0));
  await deployment.settled(20_000);
  announce(process.pid, entry.url);
  const zone = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runHere(["zone", ...words, "--home", home]);
    return code === 0 ? stdout : stderr;
  };
  const all = "1\tup\t2 of 2 instances ready\n2\tup\t2 of 2 instances ready\n3\tup\t2 of 2 instances ready\n";
  assert.equal(await zone("list"), all);

  const lost = fake.all.filter((instance) => instance.zone === "2");
  // Started and not ready before the process has had a turn, which the command's answer does not wait for.
  assert.match(await zone("down", "2"), /^1\tup\t2 of 3 .*\n2\tdown\t0 of 0 instances ready\n3\tup\t2 of 3 /);
  assert.deepEqual(
    lost.map(({ stoppedNow }) => stoppedNow),
    [true, true],
  );
  await deployment.settled(20_000);
  assert.match(await zone("list"), /^1\tup\t3 of 3 .*\n2\tdown\t0 of 0 .*\n3\tup\t3 of 3 /);
  await zone("up", "2");
  await deployment.settled(20_000);
  const told = JSON.parse(await zone("list", "--json")) as unknown[];
  assert.deepEqual(told[1], { zone: "2", up: true, instances: { ready: 2, all: 2 } });
  assert.match(await zone("down", "9"), /There is no zone "9"\. There are: 1, 2, 3\./);

  const drill = { method: "POST", body: '{"up":false}', headers: { "content-type": "application/json" } };
  for (const authorization of [undefined, "Bearer b-token", "Bearer a-token-and-more"]) {
    const headers = { ...drill.headers, ...(authorization === undefined ? {} : { authorization }) };
    assert.equal((await fetch(`${entry.url}/control/zones/1`, { ...drill, headers })).status, 401);
  }
  const wrong = await fetch(`${entry.url}/control/zones/1`, {
    ...drill,
    body: '{"up":"no"}',
    headers: { ...drill.headers, authorization: "Bearer a-token" },
  });
  assert.equal(wrong.status, 400);
  assert.equal(await zone("list"), all);
});
