// What containers are given, as an engine reads it; test/endpoint/instance/container.test.ts has one that runs them.

import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { containerStarter } from "../../../src/endpoint/driver/container.ts";
import { openEngine } from "../../../src/endpoint/instance/container-engine.ts";
import type { DeploymentSpec } from "../../../src/endpoint/specification/deployment-spec.ts";

test("a container has a port of the loopback address, the memory of its file, and the sockets lent to it", async (context) => {
  const folder = mkdtempSync(path.join(tmpdir(), "engine-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = path.join(folder, "podman");
  writeFileSync(program, '#!/bin/sh\nif [ "$1" = run ]; then echo "$@"; fi\n');
  chmodSync(program, 0o755);
  const container = { name: "one", image: "flow:1", envFile: "/run/env", port: 8080, isIsolated: false };
  const argumentsOf = async (more: {
    memoryBytes: number | undefined;
    lentFolder: string | undefined;
  }): Promise<string> => {
    const { stdout } = await openEngine({ PATH: folder }).run({ ...container, ...more });
    return text(stdout as NonNullable<typeof stdout>);
  };
  const whole = await argumentsOf({ memoryBytes: 536_870_912, lentFolder: "/run/lent" });
  const confined = ["--security-opt no-new-privileges "];
  const given = ["--name one", "--env-file /run/env", "--publish 127.0.0.1::8080 ", "--memory 536870912 "];
  for (const part of [...given, ...confined]) assert.ok(whole.includes(part), `${part} in ${whole}`);
  assert.match(whole, /--volume \/run\/lent:\S+:ro .*flow:1\n$/);
  assert.doesNotMatch(await argumentsOf({ memoryBytes: undefined, lentFolder: undefined }), /--memory|--volume/);
});

test("a deployment in containers that names no image is refused", () => {
  const spec = { name: "blue", driver: { type: "container" } } as unknown as DeploymentSpec;
  assert.throws(() => containerStarter(spec, {} as never, undefined), {
    code: "InvalidConfig",
    message: /"blue" runs in containers, but names no image/,
  });
});
