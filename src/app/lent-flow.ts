// A flow served in a container that a running system has started: its models, indexes and connections are lent by that system
// over the sockets that it has mounted, as they are to instances that are processes. It holds no key.

import path from "node:path";
import type { Environment } from "../config/environment.ts";
import type { Connection } from "../connection/connection.ts";
import { GATEWAY_SOCKET, RESOURCE_SOCKET, TOKEN_VARIABLE, FOLDER_VARIABLE } from "../endpoint/instance/lent-socket.ts";
import { remoteResources } from "../endpoint/resource/client.ts";
import { isLent } from "../gateway/lent-connection.ts";
import { type Forward, openForward } from "../network/forward.ts";
import type { FlowLoan } from "./flow-loan.ts";

/** Undefined where no system lends anything. */
export function lentFlow(env: Environment): FlowLoan | undefined {
  const { [FOLDER_VARIABLE]: folder, [TOKEN_VARIABLE]: token, ...rest } = env;
  if (!folder || !token) return undefined;
  const resources = remoteResources({ socketPath: path.join(folder, RESOURCE_SOCKET), token, url: "http://resources" });
  // The flow's own clients of models need a port.
  let forward: Promise<Forward> | undefined;
  const gateway = (): Promise<Forward> =>
    (forward ??= openForward({ port: 0 }, { socketPath: path.join(folder, GATEWAY_SOCKET) }));
  return {
    env: rest,
    resources: {
      ...resources,
      connection: async (name) => {
        const found = await resources.connection(name);
        return isLent(found) ? reachedAt((await gateway()).port ?? 0, found) : found;
      },
    },
    async close() {
      await (await forward)?.close();
      await resources.close();
    },
  };
}

/** The gateway's address is one of the machine outside. */
function reachedAt(port: number, connection: Connection): Connection {
  const configs = Object.entries(connection.configs).map(([name, value]) => {
    if ((name !== "api_base" && name !== "base_url") || typeof value !== "string") return [name, value];
    return [name, `http://127.0.0.1:${port}${new URL(value).pathname}`];
  });
  return { ...connection, configs: Object.fromEntries(configs) };
}
