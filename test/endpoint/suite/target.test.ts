// The promises of `Target`, kept by every way an endpoint reaches a flow.

import path from "node:path";
import { SILENT } from "../../../src/base/log.ts";
import { admitted } from "../../../src/endpoint/admission.ts";
import { balancedTarget } from "../../../src/endpoint/balanced.ts";
import { flowServer, listen } from "../../../src/endpoint/flow-server.ts";
import { startInstance } from "../../../src/endpoint/instance/child.ts";
import type { Instance } from "../../../src/endpoint/instance/instance.ts";
import { remoteTarget } from "../../../src/endpoint/instance/remote.ts";
import { openFlow } from "../../../src/flow/flow-target.ts";
import type { Target } from "../../../src/flow/target.ts";
import { createPool } from "../../../src/pool/pool.ts";
import { BUILT_IN_TOOLS } from "../../../src/tool/index.ts";
import { type TargetFixture, targetSuite } from "../../target-suite.ts";
import { lend } from "./lend.ts";

targetSuite("child process", childTarget);

targetSuite("behind a URL", async (fixture) => {
  const flow = await inProcess(fixture);
  const server = flowServer(flow, { log: SILENT, version: "1", internal: true });
  await listen(server, { host: "127.0.0.1", port: 0 });
  const address = server.address() as { port: number };
  const remote = remoteTarget({ url: `http://127.0.0.1:${address.port}` });
  return closing(remote, async () => {
    await remote.close();
    server.closeAllConnections();
    server.close();
    await flow.close();
  });
});

targetSuite("balanced with a dead member, and admitted", async (fixture) => {
  const dead = remoteTarget({ socketPath: path.join(fixture.directory, "nobody.sock"), url: "http://dead" });
  const well = await inProcess(fixture);
  const pool = createPool<Target>({
    members: [
      { id: "dead", value: dead, priority: 0 },
      { id: "well", value: well, priority: 1 },
    ],
  });
  const balanced = balancedTarget({ pool, waitMs: 0, noun: "member" });
  return closing(admitted(balanced, { limit: () => 1000, timeoutMs: () => 60_000 }), async () => {
    await balanced.close();
    await dead.close();
    await well.close();
  });
});

function inProcess({ directory, resources }: TargetFixture): Promise<Target> {
  return openFlow({ directory, tools: BUILT_IN_TOOLS, resources });
}

async function childTarget({ directory, resources }: TargetFixture): Promise<Target> {
  const lent = await lend(resources);
  const instance = await new Promise<Instance>((resolve, reject) => {
    const started = startInstance({
      spec: {
        name: "suite",
        zone: "1",
        socketPath: path.join(lent.folder, "instance.sock"),
        resources: lent.address,
        flow: directory,
        env: { PATH: process.env.PATH ?? "" },
        python: "python3",
        version: "1",
        logLevel: "silent",
      },
      log: SILENT,
      onState: (changed) => {
        if (changed.state === "ready") resolve(changed);
        if (changed.state !== "backing-off") return;
        void started.stop();
        reject(new Error(changed.problem));
      },
    });
  });
  return closing(instance.target, async () => {
    await instance.stop();
    await lent.close();
  });
}

function closing(target: Target, close: () => Promise<void>): Target {
  return {
    describe: (signal) => target.describe(signal),
    invoke: (call, signal) => target.invoke(call, signal),
    close,
  };
}
