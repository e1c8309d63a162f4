// Instances that run elsewhere already, reached by their addresses.

import { openDeployment } from "../deployment.ts";
import { openRemoteGroup } from "../remote-group.ts";
import type { DeploymentSpec } from "../specification/deployment-spec.ts";
import type { DriverContext, Operated } from "./driver.ts";

export function operateRemote(first: DeploymentSpec, context: DriverContext): Operated {
  let spec = first;
  const { driver, readinessProbe } = spec;
  const { urls, key: written } = driver.type === "remote" ? driver : { urls: [], key: undefined };
  const key = written && (context.secretOf?.(written) ?? written);
  const servers = urls.map((url, index) => ({ name: `${spec.name}-${index + 1}`, at: url, key }));
  const deployment = openDeployment({
    name: spec.name,
    settings: spec,
    log: context.log,
    open: (room) => openRemoteGroup({ ...room, servers, readiness: readinessProbe }),
  });
  return {
    deployment,
    update(next) {
      spec = next;
      deployment.configure(spec);
    },
    // They are not ours to start.
    restart: () => {},
    close: () => deployment.close(),
    remove: () => deployment.close(),
  };
}
