// Every key that the original's schemas know: none is passed over, and what is said of it stands at its own line.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { LineCounter, type Node, isMap, isScalar, parseDocument } from "yaml";
import { readSpecificationFile } from "../../../src/endpoint/specification/read-specification.ts";
import { writeFolder } from "../../flow/flow-folder.ts";

const SCHEMA = "$schema: https://azuremlschemas.azureedge.net/latest";

const ENDPOINT = `name: basic-chat
auth_mode: key
description: a chat
tags: {team: a}
properties: {enforce_access_to_default_secret_stores: enabled}
identity:
  type: user_assigned
  user_assigned_identities: [{resource_id: /subscriptions/s/x}]
traffic: {blue: 100}
mirror_traffic: {green: 10}
id: azureml:x
location: westeurope
scoring_uri: https://x/score
openapi_uri: https://x/swagger.json
provisioning_state: Succeeded
kind: Managed
`;

const PROBE = "{initial_delay: 10, period: 10, timeout: 2, success_threshold: 1, failure_threshold: 30}";
const DEPLOYMENT = `name: blue
endpoint_name: basic-chat
description: the blue one
tags: {team: a}
properties: {owner: me}
model:
  name: m
  version: 1
  path: ./flow
  type: custom_model
  properties: {azureml.promptflow.mode: chat}
model_mount_path: /var/model
environment:
  name: e
  version: 1
  image: registry.example/runtime:1
  conda_file: conda.yaml
  build: {path: ./image, dockerfile_path: Dockerfile}
  inference_config:
    liveness_route: {path: /health, port: 8080}
    readiness_route: {path: /ready, port: 8080}
    scoring_route: {path: /score, port: 8080}
environment_variables: {PROMPTFLOW_WORKER_NUM: 8}
instance_type: Standard_DS3_v2
instance_count: 2
request_settings:
  request_timeout_ms: 90000
  max_concurrent_requests_per_instance: 4
  max_queue_wait_ms: 500
liveness_probe: ${PROBE}
readiness_probe: ${PROBE}
app_insights_enabled: true
egress_public_network_access: enabled
private_network_connection: true
data_collector:
  sampling_rate: 0.5
  rolling_rate: hour
  request_logging: {capture_headers: [x]}
  collections:
    request: {enabled: 'True', data: {name: d, path: azureml://x, version: 1}}
id: azureml:x
location: westeurope
provisioning_state: Succeeded
`;

const IGNORED_OF_DEPLOYMENTS = [
  "model_mount_path",
  "environment",
  "instance_type",
  "request_settings.max_queue_wait_ms",
  "app_insights_enabled",
  "private_network_connection",
  "data_collector.request_logging",
  "data_collector.collections.request.data",
  "id",
  "location",
  "provisioning_state",
];

const FORMS: Record<string, { type: string; text: string; ignored: string[]; refused?: string[] }> = {
  "managed endpoint": {
    type: "managedOnlineEndpoint",
    text: `${ENDPOINT}public_network_access: enabled\n`,
    ignored: ["identity", "id", "location", "scoring_uri", "openapi_uri", "provisioning_state", "kind"],
  },
  "kubernetes endpoint": {
    type: "kubernetesOnlineEndpoint",
    text: `${ENDPOINT}compute: azureml:cluster\n`,
    ignored: ["identity", "compute", "id", "location", "scoring_uri", "openapi_uri", "provisioning_state", "kind"],
  },
  "managed deployment": {
    type: "managedOnlineDeployment",
    text: `${DEPLOYMENT}scale_settings: {type: default}\ncode_configuration: {code: ./src, scoring_script: score.py}\n`,
    ignored: IGNORED_OF_DEPLOYMENTS,
    refused: ["code_configuration"],
  },
  "kubernetes deployment": {
    type: "kubernetesOnlineDeployment",
    text: `${DEPLOYMENT}type: kubernetes
scale_settings:
  type: target_utilization
  min_instances: 1
  max_instances: 3
  target_utilization_percentage: 70
  polling_interval: 10
resources:
  requests: {cpu: "0.1", memory: 0.1Gi}
  limits: {cpu: "1", memory: 1Gi, nvidia.com/gpu: 1}
`,
    ignored: IGNORED_OF_DEPLOYMENTS,
  },
};

interface Leaf {
  key: string;
  line: number;
}

/** Every key that holds a value and no mapping, with the lines of itself and of what it lies in. */
function leaves(text: string): Leaf[] {
  const counter = new LineCounter();
  const found: Leaf[] = [];
  const walk = (node: Node | null, above: string): void => {
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      const name = `${above}${above && "."}${isScalar(key) ? String(key.value) : ""}`;
      if (isMap(value)) walk(value, name);
      else found.push({ key: name, line: counter.linePos(isScalar(key) ? (key.range?.[0] ?? 0) : 0).line });
    }
  };
  walk(parseDocument(text, { lineCounter: counter }).contents, "");
  return found;
}

for (const [form, { type, text, ignored, refused = [] }] of Object.entries(FORMS)) {
  test(`every key of a ${form} is used, ignored or refused, with its reason and its line`, (context) => {
    const whole = `${SCHEMA}/${type}.schema.json\n${text}`;
    const folder = writeFolder(context, {
      "file.yaml": whole,
      "flow/flow.dag.yaml": "inputs: {}\noutputs: {}\nnodes: []\n",
    });
    const file = path.join(folder, "file.yaml");
    const { findings } = readSpecificationFile(file);
    const under = (key: string, names: readonly string[]): boolean =>
      names.some((name) => key === name || key.startsWith(`${name}.`));
    for (const { key, line } of leaves(whole)) {
      // What is said of a mapping holds for all that lies in it.
      const said = findings.filter((finding) => key === finding.key || key.startsWith(`${finding.key}.`));
      const own = said.filter((finding) => finding.key === key);
      const verdict = under(key, refused) ? "refused" : under(key, ignored) ? "ignored" : "used";
      const verdicts = said.map((finding) => finding.verdict);
      assert.ok(
        verdicts.includes(verdict) && (verdict !== "used" || verdicts.every((one) => one === "used")),
        `${key}: ${JSON.stringify(said)}`,
      );
      for (const finding of own) assert.deepEqual([finding.file, finding.line], [file, line], key);
      for (const finding of said) assert.equal(finding.why === undefined, finding.verdict === "used", key);
    }
    assert.ok(!findings.some(({ why = "" }) => /has no such key/.test(why)), "a key of the original is known by name");
  });
}
