import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { SILENT } from "../../../src/base/log.ts";
import { listen } from "../../../src/endpoint/flow-server.ts";
import { type RemoteResources, remoteResources } from "../../../src/endpoint/resource/client.ts";
import { resourceServer } from "../../../src/endpoint/resource/server.ts";
import type { FlowResources } from "../../../src/flow/resource.ts";

export interface Lent {
  folder: string;
  address: { socketPath: string; token: string };
  resources: RemoteResources;
  close(): Promise<void>;
}

/** Resources behind a real socket, as instances have them. */
export async function lend(resources: FlowResources, writable = false): Promise<Lent> {
  const folder = await mkdtemp(path.join(tmpdir(), "lend-"));
  const address = { socketPath: path.join(folder, "resources.sock"), token: "token-of-the-test" };
  const server = resourceServer(resources, { token: address.token, log: SILENT, writable });
  await listen(server, { socketPath: address.socketPath });
  const remote = remoteResources({ ...address, url: "http://resources" });
  return {
    folder,
    address,
    resources: remote,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await remote.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Resources of which only some are there. */
export function only(some: Partial<FlowResources>): FlowResources {
  const none = (): Promise<never> => Promise.reject(new Error("not part of this test"));
  return { chatModel: none, embedder: async () => undefined, searchIndex: none, connection: none, ...some };
}
