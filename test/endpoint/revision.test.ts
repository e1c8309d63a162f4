// Which changes of a deployment make new instances.

import assert from "node:assert/strict";
import { test } from "node:test";
import { revisionKey } from "../../src/endpoint/driver/driver.ts";
import type { DeploymentSpec } from "../../src/endpoint/specification/deployment-spec.ts";
import { readSpecification } from "../../src/endpoint/specification/read-specification.ts";

const map = { name: "blue", endpoint_name: "chat", model: { path: "/flow" }, properties: {} };
const spec = readSpecification(map, "blue", { accepted: true }).spec as DeploymentSpec;

test("what instances run with makes new ones, and all else takes effect in those that run", () => {
  const probe = { ...spec.livenessProbe, periodMs: 1 };
  const news: Partial<DeploymentSpec>[] = [
    { flow: "/other" },
    { flowDigest: "other" },
    { model: { path: "/flow", version: "2" } },
    { environment: { image: "other" } },
    { environmentVariables: { A: "b" } },
    { livenessProbe: probe },
    { readinessProbe: probe },
    { driver: { type: "container" } },
    { resources: { limits: { memory: "1Gi" } } },
  ];
  for (const change of news)
    assert.notEqual(revisionKey({ ...spec, ...change }), revisionKey(spec), JSON.stringify(change));
  const others: Partial<DeploymentSpec>[] = [
    { description: "other" },
    { tags: { a: "b" } },
    { instanceCount: 9 },
    { instanceType: "other" },
    { requestSettings: { ...spec.requestSettings, requestTimeoutMs: 9 } },
    { tracked: { location: "elsewhere" } },
    { appInsightsEnabled: true },
  ];
  for (const change of others)
    assert.equal(revisionKey({ ...spec, ...change }), revisionKey(spec), JSON.stringify(change));
});
