// A deployment as objects of a cluster. The specification's fields map one to one; its variables may be secrets, so they
// lie in a Secret.

import { FlowsteadError } from "../../base/error/error.ts";
import type { DeploymentSpec, InferenceRoute, ProbeSpec } from "../specification/deployment-spec.ts";
import type { ClusterObject } from "./cluster.ts";

const DEFAULT_PORT = 8080;
const HEALTH: InferenceRoute = { path: "/health", port: DEFAULT_PORT };

export interface DeploymentObjects {
  /** Of the Deployment, the Service and what belongs to them. */
  name: string;
  /** In the order in which they are applied; the Deployment is the last. */
  objects: ClusterObject[];
  scorePath: string;
}

/** @param variables the specification's with their references resolved. @throws FlowsteadError `InvalidConfig` without an image. */
export function deploymentObjects(
  spec: DeploymentSpec,
  { count, variables }: { count: number; variables: Readonly<Record<string, string>> },
): DeploymentObjects {
  const name = `${spec.endpointName}-${spec.name}`.toLowerCase();
  const image = (spec.driver.type === "kubernetes" ? spec.driver.image : undefined) ?? spec.environment?.image;
  if (image === undefined) {
    const text = `Deployment "${spec.name}" runs in a cluster, but names no image. Set environment.image; "flowstead flow build" makes the folder for one.`;
    throw new FlowsteadError("InvalidConfig", text);
  }
  const labels = { "app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "flowstead" };
  const selector = { "app.kubernetes.io/name": name };
  const score = spec.environment?.scoringRoute ?? { path: "/score", port: DEFAULT_PORT };
  const variablesName = `${name}-env`;
  const base = (apiVersion: string, kind: string, rest: Record<string, unknown>): ClusterObject => ({
    apiVersion,
    kind,
    metadata: { name, labels },
    ...rest,
  });

  const container = {
    name: "inference-server",
    image,
    ports: [{ name: "http", containerPort: score.port }],
    envFrom: [{ secretRef: { name: variablesName } }],
    livenessProbe: probe(spec.environment?.livenessRoute ?? { ...HEALTH, port: score.port }, spec.livenessProbe),
    readinessProbe: probe(spec.environment?.readinessRoute ?? { ...HEALTH, port: score.port }, spec.readinessProbe),
    ...(spec.resources === undefined ? {} : { resources: spec.resources }),
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    // A pod leaves the list of endpoints a moment after it is told to end.
    lifecycle: { preStop: { exec: { command: ["sleep", "5"] } } },
  };
  const pod = {
    containers: [container],
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 10 + Math.ceil(spec.requestSettings.requestTimeoutMs / 1000),
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: selector },
      },
    ],
  };
  return {
    name,
    scorePath: score.path,
    objects: [
      { ...base("v1", "Secret", { type: "Opaque", stringData: variables }), metadata: { name: variablesName, labels } },
      base("v1", "Service", {
        spec: { clusterIP: "None", selector, ports: [{ name: "http", port: score.port, targetPort: "http" }] },
      }),
      base("policy/v1", "PodDisruptionBudget", { spec: { maxUnavailable: 1, selector: { matchLabels: selector } } }),
      ...(spec.egressPublicNetworkAccess === "disabled"
        ? [base("networking.k8s.io/v1", "NetworkPolicy", { spec: onlyNames(selector) })]
        : []),
      base("apps/v1", "Deployment", {
        spec: {
          replicas: count,
          selector: { matchLabels: selector },
          strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "20%", maxUnavailable: 0 } },
          template: { metadata: { labels, ...restartMark(spec) }, spec: pod },
        },
      }),
    ],
  };
}

/** A change that means nothing makes the cluster replace the pods, as `kubectl rollout restart` does. */
function restartMark({ properties }: DeploymentSpec): object {
  const { restarted } = properties;
  return restarted === undefined ? {} : { annotations: { "flowstead/restarted": restarted } };
}

/** No way out but the names service of the cluster. */
function onlyNames(selector: Record<string, string>): object {
  const ports = ["UDP", "TCP"].map((protocol) => ({ protocol, port: 53 }));
  return { podSelector: { matchLabels: selector }, policyTypes: ["Egress"], egress: [{ ports }] };
}

function probe({ path, port }: InferenceRoute, probe: ProbeSpec): object {
  const seconds = (ms: number): number => Math.max(1, Math.round(ms / 1000));
  return {
    httpGet: { path, port },
    initialDelaySeconds: Math.round(probe.initialDelayMs / 1000),
    periodSeconds: seconds(probe.periodMs),
    timeoutSeconds: seconds(probe.timeoutMs),
    successThreshold: probe.successThreshold,
    failureThreshold: probe.failureThreshold,
  };
}
