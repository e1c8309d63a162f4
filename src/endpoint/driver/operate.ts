import type { DeploymentSpec } from "../specification/deployment-spec.ts";
import { operateCluster } from "./cluster.ts";
import type { DriverContext, Operated } from "./driver.ts";
import { operateRemote } from "./remote.ts";
import { operateSupervised } from "./supervised.ts";

/**
 * Runs a deployment by the driver that its specification names.
 * @throws FlowsteadError `InvalidConfig` when the specification leaves out what its driver needs.
 */
export function operate(spec: DeploymentSpec, context: DriverContext): Operated {
  switch (spec.driver.type) {
    case "remote":
      return operateRemote(spec, context);
    case "kubernetes":
      return operateCluster(spec, context);
    default:
      return operateSupervised(spec, context);
  }
}
