// Endpoint and deployment YAML as the original's users write it: what is read, and what is said of each line.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { findingLine, refuseIfAny } from "../../../src/endpoint/specification/finding.ts";
import { readSpecification, readSpecificationFile } from "../../../src/endpoint/specification/read-specification.ts";
import { writeDeployment, writeEndpoint } from "../../../src/endpoint/specification/write-specification.ts";
import type { DeploymentSpec } from "../../../src/endpoint/specification/deployment-spec.ts";
import type { EndpointSpec } from "../../../src/endpoint/specification/endpoint-spec.ts";
import { writeFolder } from "../../flow/flow-folder.ts";

const SCHEMA = "$schema: https://azuremlschemas.azureedge.net/latest";
const FLOW = "inputs: {}\noutputs: {}\nnodes: []\n";

const MANAGED = `${SCHEMA}/managedOnlineDeployment.schema.json
name: blue
endpoint_name: basic-chat
model:
  path: ./flow
  properties:
    azureml.promptflow.source_flow_id: {insert random GUID}
    azureml.promptflow.mode: chat
environment:
  image: registry.example/promptflow-runtime:latest
  inference_config:
    liveness_route: {path: /health, port: 8080}
    scoring_route: {path: /score, port: 8080}
instance_type: Standard_E16s_v3
instance_count: 2
environment_variables:
  PROMPTFLOW_WORKER_NUM: 8
request_settings:
  request_timeout_ms: 90000
  max_queue_wait_ms: 3000
liveness_probe:
  initial_delay: 600
  failure_threshold: 49
app_insights_enabled: true
data_collector:
  rolling_rate: hour
  sampling_rate: 1.0
  collections:
    model_inputs: {enabled: 'True', data: {name: inputs, path: azureml://datastores/store/paths/x}}
unheard_of: 1
`;

const KUBERNETES = `${SCHEMA}/kubernetesOnlineDeployment.schema.json
name: green
type: kubernetes
endpoint_name: basic-chat
model: {path: flow}
resources:
  requests: {cpu: "0.1", memory: "0.1Gi"}
scale_settings:
  type: target_utilization
  min_instances: 1
  max_instances: 3
  polling_interval: 10
  target_utilization_percentage: 70
properties:
  flowstead.schedules: mon-fri 08:00-18:00 2-3
`;

test("a managed deployment of a flow is read, and each line that is not used says why", (context) => {
  const folder = writeFolder(context, { "deployment.yaml": MANAGED, "flow/flow.dag.yaml": FLOW });
  const file = path.join(folder, "deployment.yaml");
  const found = readSpecificationFile(file);
  const spec = found.spec as DeploymentSpec;
  refuseIfAny(found.findings);
  assert.equal(found.type, "deployment");
  assert.equal(spec.flow, path.join(folder, "flow"));
  assert.deepEqual(spec.requestSettings, {
    requestTimeoutMs: 90_000,
    maxConcurrentRequestsPerInstance: 1,
    maxQueueWaitMs: 3000,
  });
  assert.deepEqual(spec.livenessProbe, {
    initialDelayMs: 600_000,
    periodMs: 10_000,
    timeoutMs: 2000,
    successThreshold: 1,
    failureThreshold: 49,
  });
  assert.deepEqual(spec.environmentVariables, { PROMPTFLOW_WORKER_NUM: "8" });
  assert.equal(spec.dataCollector?.collections["model_inputs"]?.enabled, true);
  const lines = found.findings.map(findingLine);
  const at = (text: string): string => `${file}:${MANAGED.split("\n").findIndex((line) => line.includes(text)) + 1}`;
  assert.ok(lines.includes(`${at("instance_count")}: instance_count: used`), lines.join("\n"));
  assert.ok(
    lines.some((line) => line.startsWith(`${at("unheard_of")}: unheard_of: ignored because`)),
    lines.join("\n"),
  );
  assert.ok(
    lines.some((line) => line.startsWith(`${at("max_queue_wait_ms")}: request_settings.max_queue_wait_ms: ignored`)),
  );
  assert.ok(
    lines.some((line) => /max_concurrent_requests_per_instance: assumed because the original gives 1/.test(line)),
  );
});

test("kubernetes forms, scaling and schedules; what is written again reads the same", (context) => {
  const folder = writeFolder(context, { "green.yml": KUBERNETES, "flow/flow.dag.yaml": FLOW });
  const { spec, findings } = readSpecificationFile(path.join(folder, "green.yml"));
  refuseIfAny(findings);
  const green = spec as DeploymentSpec;
  assert.equal(green.kind, "kubernetes");
  assert.deepEqual(green.scaleSettings, {
    type: "target_utilization",
    minInstances: 1,
    maxInstances: 3,
    targetUtilizationPercentage: 70,
    pollingIntervalMs: 10_000,
    schedules: [
      { days: ["mon", "tue", "wed", "thu", "fri"], start: "08:00", end: "18:00", minInstances: 2, maxInstances: 3 },
    ],
  });
  // What is not given is as in the original.
  const times = { initialDelayMs: 10_000, periodMs: 10_000, timeoutMs: 2_000 };
  const probe = { ...times, successThreshold: 1, failureThreshold: 30 };
  assert.deepEqual([green.livenessProbe, green.readinessProbe], [probe, probe]);
  const settings = { requestTimeoutMs: 5_000, maxConcurrentRequestsPerInstance: 1, maxQueueWaitMs: 500 };
  assert.deepEqual(green.requestSettings, settings);
  const again = readSpecification(writeDeployment(green), "again").spec as DeploymentSpec;
  assert.deepEqual(
    writeDeployment(again),
    writeDeployment(readSpecification(writeDeployment(again), "twice").spec as DeploymentSpec),
  );
  assert.deepEqual(again.requestSettings, green.requestSettings);
  assert.deepEqual(again.resources, green.resources);
});

test("endpoints: casing, traffic, keys that only the system gives, and identities", (context) => {
  const text = `${SCHEMA}/kubernetesOnlineEndpoint.schema.json
name: my-endpoint
compute: azureml:cluster
auth_mode: AMLToken
tags: {tag1: 1}
traffic: {blue: 90, green: 10}
mirror_traffic: {green: 10}
scoring_uri: https://somewhere
identity:
  type: user_assigned
`;
  const folder = writeFolder(context, { "endpoint.yml": text });
  const found = readSpecificationFile(path.join(folder, "endpoint.yml"));
  refuseIfAny(found.findings);
  const spec = found.spec as EndpointSpec;
  assert.deepEqual(
    [spec.kind, spec.authMode, spec.traffic, spec.mirrorTraffic, spec.tags],
    ["kubernetes", "aml_token", { blue: 90, green: 10 }, { green: 10 }, { tag1: "1" }],
  );
  assert.ok(found.findings.some(({ key, verdict }) => key === "scoring_uri" && verdict === "ignored"));
  assert.deepEqual(readSpecification(writeEndpoint(spec), "again").spec, spec);
});

test("a file's schema says what it is, whatever else stands in it", () => {
  const typeOf = (schema: string, more: object): string =>
    readSpecification(
      { $schema: `https://schemas.example/latest/${schema}.schema.json`, name: "some-name", ...more },
      "x",
    ).type;
  for (const kind of ["managed", "kubernetes"]) {
    assert.equal(typeOf(`${kind}OnlineEndpoint`, { instance_count: 1 }), "endpoint");
    assert.equal(typeOf(`${kind}OnlineDeployment`, { traffic: {} }), "deployment");
    const $schema = `https://schemas.example/latest/${kind}OnlineEndpoint.schema.json`;
    assert.equal(readSpecification({ $schema, name: "some-name" }, "x").spec.kind, kind);
  }
  assert.throws(() => readSpecification({ name: "some-name", steps: [] }, "x"), { code: "InvalidSpecification" });
});

test("what cannot be honoured is refused with file and line, all of it at once", (context) => {
  const text = `${SCHEMA}/managedOnlineDeployment.schema.json
name: "{{NAME}}"
endpoint_name: my-endpoint
model: azureml:model:1
code_configuration: {code: ., scoring_script: score.py}
instance_count: 51
request_settings: {request_timeout_ms: 300001}
scale_settings: {type: sometimes}
`;
  const folder = writeFolder(context, { "bad.yml": text });
  const file = path.join(folder, "bad.yml");
  const { findings } = readSpecificationFile(file);
  const wanted = {
    2: "name",
    4: "model",
    5: "code_configuration",
    6: "instance_count",
    7: "request_settings",
    8: "scale_settings",
  };
  assert.throws(
    () => refuseIfAny(findings),
    (thrown: Error & { code?: string }) => {
      assert.equal(thrown.code, "InvalidSpecification");
      for (const [line, key] of Object.entries(wanted)) {
        assert.ok(thrown.message.includes(`${file}:${line}: ${key}`), `${line} ${key} in\n${thrown.message}`);
      }
      return true;
    },
  );
  const sum = readSpecification({ name: "some-name", traffic: { blue: 90 } }, "flags");
  assert.throws(() => refuseIfAny(sum.findings), { message: /sum to 90/ });
});

test("a value given in place of the file's wins, and its line is the file's", (context) => {
  const folder = writeFolder(context, { "d.yml": MANAGED, "flow/flow.dag.yaml": FLOW });
  const overrides = {
    instance_count: 4,
    "request_settings.max_concurrent_requests_per_instance": 9,
    endpoint_name: "other",
  };
  const spec = readSpecificationFile(path.join(folder, "d.yml"), { overrides }).spec as DeploymentSpec;
  assert.deepEqual(
    [spec.instanceCount, spec.requestSettings.maxConcurrentRequestsPerInstance, spec.endpointName],
    [4, 9, "other"],
  );
});

test("values as the original's files have them: quoted, left open, in its other spelling, with its defaults", (context) => {
  const folder = writeFolder(context, { "flow/flow.dag.yaml": FLOW, "empty/readme.md": "" });
  const read = (more: object): { spec: DeploymentSpec; refused: string } => {
    const map = { name: "blue", endpoint_name: "chat", model: { path: path.join(folder, "flow") }, ...more };
    const { spec, findings } = readSpecification(map, "file");
    const refused = findings.filter(({ verdict }) => verdict === "refused").map(findingLine);
    return { spec: spec as DeploymentSpec, refused: refused.join("\n") };
  };
  assert.equal(read({ instance_count: " 3 " }).spec.instanceCount, 3);
  assert.match(read({ instance_count: " " }).refused, /instance_count: refused because it is not a number/);
  const collector = (enabled: unknown): DeploymentSpec["dataCollector"] =>
    read({ data_collector: { collections: { request: { enabled } } } }).spec.dataCollector;
  assert.deepEqual(
    ["True", "yes", "1", "No", "0", false].map((flag) => collector(flag)?.collections["request"]?.enabled),
    [true, true, true, false, false, false],
  );
  assert.equal(collector(true)?.samplingRate, 1);
  const scale = { type: "target_utilization", min_instances: 2, max_instances: 4 };
  for (const key of ["scale_settings", "scale_setting"]) {
    const { spec } = read({ [key]: scale });
    assert.deepEqual([spec.scaleSettings.type, spec.instanceCount], ["target_utilization", 2], key);
  }
  assert.match(
    read({ scale_settings: { ...scale, max_instances: 1 } }).refused,
    /max_instances: refused because it is less/,
  );
  const open = { "azureml.promptflow.source_flow_id": { "insert random GUID": null } };
  assert.deepEqual(read({ properties: open }).spec.properties, {
    "azureml.promptflow.source_flow_id": "{insert random GUID}",
  });
  const environment = { image: "i", inference_config: { scoring_route: { path: "/s" }, liveness_route: {} } };
  const { spec } = read({ environment, properties: { "flowstead.driver": "container" } });
  assert.deepEqual(
    [spec.environment?.scoringRoute, spec.environment?.livenessRoute],
    [
      { path: "/s", port: 8080 },
      { path: "/", port: 8080 },
    ],
  );
  assert.match(read({ name: "ab" }).refused, /"ab" is not a name: 3 to 32/);
  const cloud = read({ model: "azureml:name:1" }).refused;
  assert.match(cloud, /"azureml:name:1" lies in a registry of the cloud/);
  writeFileSync(path.join(folder, "blue.yml"), "name: blue\nendpoint_name: chat\nmodel: {path: empty}\n");
  const [found] = readSpecificationFile(path.join(folder, "blue.yml")).findings.filter(
    ({ verdict }) => verdict === "refused",
  );
  assert.match(found?.why ?? "", /empty holds no flow: no flow\.dag\.yaml/);
});
