// Instances that a Kubernetes cluster runs.

import { FlowsteadError } from "../../base/error/error.ts";
import { openDeployment } from "../deployment.ts";
import { openCluster } from "../kubernetes/cluster.ts";
import { openClusterGroup } from "../kubernetes/cluster-group.ts";
import type { DeploymentSpec } from "../specification/deployment-spec.ts";
import { type DriverContext, type Operated, revisionKey } from "./driver.ts";

/** @throws FlowsteadError `InvalidConfig` when no cluster is configured. */
export function operateCluster(first: DeploymentSpec, context: DriverContext): Operated {
  let spec = first;
  const namespace = spec.driver.type === "kubernetes" ? spec.driver.namespace : undefined;
  if (!context.cluster) {
    const text = `Deployment "${spec.name}" runs in a Kubernetes cluster, but none is configured. Set kubernetes.url in flowstead.yaml.`;
    throw new FlowsteadError("InvalidConfig", text);
  }
  const cluster = openCluster({ ...context.cluster, ...(namespace === undefined ? {} : { namespace }) });
  const deployment = openDeployment({
    name: spec.name,
    settings: spec,
    zone: context.zone,
    log: context.log,
    open: (room) =>
      openClusterGroup({
        ...room,
        cluster,
        spec,
        log: context.log,
        journal: context.journal,
      }),
  });
  const close = async (): Promise<void> => {
    await deployment.close();
    await cluster.close();
  };
  return {
    deployment,
    close,
    update(next) {
      const isNewVersion = revisionKey(next) !== revisionKey(spec);
      spec = next;
      deployment.configure(spec);
      if (isNewVersion) deployment.group.replace(spec);
    },
    restart: () =>
      deployment.group.replace({ ...spec, properties: { ...spec.properties, restarted: String(Date.now()) } }),
    async remove() {
      await deployment.group.remove();
      await close();
    },
  };
}
