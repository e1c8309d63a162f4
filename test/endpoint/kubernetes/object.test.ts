// A deployment's specification as objects of a cluster, field by field.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deploymentObjects } from "../../../src/endpoint/kubernetes/object.ts";
import { readSpecification } from "../../../src/endpoint/specification/read-specification.ts";
import type { DeploymentSpec } from "../../../src/endpoint/specification/deployment-spec.ts";

const MAP = {
  name: "Blue",
  endpoint_name: "chat",
  model: { path: "flow" },
  instance_count: 3,
  environment: {
    image: "registry.example/flow:1",
    inference_config: {
      liveness_route: { path: "/alive", port: 9000 },
      readiness_route: { path: "/ready", port: 9000 },
      scoring_route: { path: "/ask", port: 9000 },
    },
  },
  request_settings: { request_timeout_ms: 90_500 },
  liveness_probe: { initial_delay: 600, period: 20, timeout: 7, success_threshold: 1, failure_threshold: 49 },
  readiness_probe: { initial_delay: 0, period: 5, timeout: 3, success_threshold: 2, failure_threshold: 4 },
  egress_public_network_access: "disabled",
  resources: { requests: { cpu: "0.5" }, limits: { memory: "1Gi" } },
  properties: { "flowstead.driver": "kubernetes" },
};

function objects(map: object): Record<string, Record<string, unknown>> {
  const { spec } = readSpecification(map as typeof MAP, "blue", { accepted: true });
  const made = deploymentObjects(spec as DeploymentSpec, { count: 3, variables: { KEY: "a secret" } });
  assert.equal(made.objects.at(-1)?.kind, "Deployment", "what it needs is there before it");
  return Object.fromEntries(made.objects.map((object) => [object.kind, object]));
}

const NAME = { "app.kubernetes.io/name": "chat-blue" };
const LABELS = { ...NAME, "app.kubernetes.io/managed-by": "flowstead" };

test("everything that the file says of an instance is what the cluster is told", () => {
  const { Secret, Service, PodDisruptionBudget, NetworkPolicy, Deployment } = objects(MAP);
  assert.deepEqual(Secret, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "chat-blue-env", labels: LABELS },
    type: "Opaque",
    stringData: { KEY: "a secret" },
  });
  assert.deepEqual(Service?.["spec"], {
    clusterIP: "None",
    selector: NAME,
    ports: [{ name: "http", port: 9000, targetPort: "http" }],
  });
  assert.deepEqual(PodDisruptionBudget?.["spec"], { maxUnavailable: 1, selector: { matchLabels: NAME } });
  const names = ["UDP", "TCP"].map((protocol) => ({ protocol, port: 53 }));
  assert.deepEqual(NetworkPolicy?.["spec"], {
    podSelector: { matchLabels: NAME },
    policyTypes: ["Egress"],
    egress: [{ ports: names }],
  });
  const container = {
    name: "inference-server",
    image: "registry.example/flow:1",
    ports: [{ name: "http", containerPort: 9000 }],
    envFrom: [{ secretRef: { name: "chat-blue-env" } }],
    livenessProbe: {
      httpGet: { path: "/alive", port: 9000 },
      initialDelaySeconds: 600,
      periodSeconds: 20,
      timeoutSeconds: 7,
      successThreshold: 1,
      failureThreshold: 49,
    },
    readinessProbe: {
      httpGet: { path: "/ready", port: 9000 },
      initialDelaySeconds: 0,
      periodSeconds: 5,
      timeoutSeconds: 3,
      successThreshold: 2,
      failureThreshold: 4,
    },
    resources: { requests: { cpu: "0.5" }, limits: { memory: "1Gi" } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    lifecycle: { preStop: { exec: { command: ["sleep", "5"] } } },
  };
  const zones = {
    maxSkew: 1,
    topologyKey: "topology.kubernetes.io/zone",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: NAME },
  };
  assert.deepEqual(Deployment?.["spec"], {
    replicas: 3,
    selector: { matchLabels: NAME },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "20%", maxUnavailable: 0 } },
    template: {
      metadata: { labels: LABELS },
      spec: {
        containers: [container],
        automountServiceAccountToken: false,
        // The longest call, and time to leave the list of endpoints.
        terminationGracePeriodSeconds: 101,
        topologySpreadConstraints: [zones],
      },
    },
  });
});

test("what the file does not say is left to the original's defaults, and a restart changes a mark of the pods alone", () => {
  const { environment, ...rest } = MAP;
  const plain = { ...rest, environment: { image: environment.image }, egress_public_network_access: "enabled" };
  const { NetworkPolicy, Service = {}, Deployment = {} } = objects(plain);
  assert.equal(NetworkPolicy, undefined);
  assert.deepEqual((Service["spec"] as { ports: object[] }).ports, [{ name: "http", port: 8080, targetPort: "http" }]);
  const template = (object: typeof Deployment) =>
    (object["spec"] as { template: { metadata: object; spec: { containers: object[] } } }).template;
  const [container] = template(Deployment).spec.containers as { livenessProbe: { httpGet: object } }[];
  assert.deepEqual(container?.livenessProbe.httpGet, { path: "/health", port: 8080 });
  const restarted = objects({ ...plain, properties: { ...plain.properties, restarted: "17" } })["Deployment"] ?? {};
  assert.deepEqual(template(restarted), {
    ...template(Deployment),
    metadata: { labels: LABELS, annotations: { "flowstead/restarted": "17" } },
  });
  assert.throws(() => objects({ ...rest, environment: { conda_file: "x" } }), {
    code: "InvalidConfig",
    message: /names no image/,
  });
});
