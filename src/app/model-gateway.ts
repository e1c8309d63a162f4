// Models, wired: pools with limits, accounts and guards around them, the gateway that serves them, and what flows get of it.

import { chmod, mkdir } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { secretToken } from "../base/id.ts";
import type { Logger } from "../base/log.ts";
import { keyFolder } from "../config/folder.ts";
import type { Config } from "../config/schema.ts";
import type { Deployment } from "../endpoint/deployment.ts";
import { listen } from "../endpoint/flow-server.ts";
import { GATEWAY_SOCKET, RESOURCE_SOCKET } from "../endpoint/instance/lent-socket.ts";
import { namedIn, type ResourceGrant } from "../endpoint/resource/grant.ts";
import type { LocalResources } from "../endpoint/resource/local.ts";
import { resourceServer } from "../endpoint/resource/server.ts";
import type { DeploymentSpec } from "../endpoint/specification/deployment-spec.ts";
import { type GatewayListener, openGatewayListener } from "../entry/gateway-listener.ts";
import { createCredentials } from "../gateway/credential.ts";
import { createGateway, type Gateway } from "../gateway/gateway.ts";
import { gatewayKey } from "../gateway/key.ts";
import { isLent, lentConnection } from "../gateway/lent-connection.ts";
import type { Governance } from "../gateway/open.ts";
import { openForward } from "../network/forward.ts";
import { LOCAL_PRINCIPAL } from "../identity/provider/local.ts";
import { createPseudonyms } from "../identity/pseudonym.ts";
import type { FlowResources } from "../flow/resource.ts";
import type { FlowCall, Target } from "../flow/target.ts";
import type { Caller } from "../model/chat-model.ts";
import type { Embedder } from "../model/embedder.ts";
import { embedderName, embedderNames, openConnectionEmbedder } from "../model/provider/index.ts";
import { SYSTEM, meteredEmbedder } from "../gateway/metered.ts";
import { visibleIndex } from "../search/visible-index.ts";

export interface GatewayParts {
  governance: Governance;
  resources: LocalResources;
  /** Not metered yet: each call is counted for who makes it. */
  embedder: Embedder | undefined;
}

export interface ModelGateway extends Gateway {
  /** Closes what it has opened itself: embedders behind connections. */
  close(): Promise<void>;
}

export async function openModelGateway(
  config: Readonly<Config>,
  { governance, resources, embedder }: GatewayParts,
): Promise<ModelGateway> {
  const own = { name: "gateway", key: await gatewayKey(keyFolder(config)) };
  const name = config.embedder && embedderName(config.embedder);
  const names = config.embedder ? embedderNames(config.embedder) : [];
  const { meter } = governance;
  const ofCaller = (caller: Caller): Embedder | undefined =>
    embedder && name !== undefined ? meteredEmbedder(embedder, name, meter, caller) : undefined;
  const opened = new Map<string, Promise<Embedder>>();
  const gateway = createGateway({
    credentials: createCredentials([own, ...config.gateway.keys]),
    models: governance.models,
    aliases: config.gateway.aliases,
    embedder: ofCaller,
    embedderNames: names,
    connectionModel: (connection) => resources.chatModel(connection),
    connectionEmbedder: async (connection, { model, dimensions }, caller) => {
      // A pool has no address to ask for another of its models: vectors come from the embedder of the configuration.
      if (governance.models.has(connection)) {
        const own = names.includes(model) ? ofCaller(caller) : undefined;
        if (!own) throw noEmbedder(connection, model, names);
        return own;
      }
      const key = JSON.stringify([connection, model, dimensions]);
      const found =
        opened.get(key) ?? openConnectionEmbedder(await resources.connection(connection), model, dimensions);
      opened.set(key, found);
      found.catch(() => opened.delete(key));
      return meteredEmbedder(await found, connection, meter, caller);
    },
  });
  return {
    ...gateway,
    async close() {
      const all = await Promise.allSettled(opened.values());
      await Promise.all(all.map(async (result) => result.status === "fulfilled" && result.value.close()));
    },
  };
}

function noEmbedder(connection: string, model: string, names: readonly string[]): FlowsteadError {
  const advice =
    names.length > 0 ? `There is: ${names.join(", ")}.` : "Configure one under `embedder:` in flowstead.yaml.";
  return new FlowsteadError(
    "ModelNotFound",
    `There is no embedding model "${model}" behind connection "${connection}". ${advice}`,
  );
}

export interface Lending {
  /** A deployment whose instances call models on behalf of who calls it, and copies of calls on behalf of the system. */
  attributed<T extends Target>(deployment: T): T;
  /** Where a deployment's instances find their resources, with a token of their own. */
  addressFor(spec: DeploymentSpec): { socketPath: string; token: string };
  /** Ends a token that `addressFor` has given, with the one for the gateway that goes with it. */
  release(token: string): void;
  close(): Promise<void>;
}

interface LendingParts {
  gateway: Gateway;
  runFolder: string;
  log: Logger;
  /** Groups of the person for whom instances search. */
  readers: readonly string[];
}

/** Lends resources over a private socket. Instances see models as the gateway, with a token that ends with this process. */
export async function lendResources(
  resources: LocalResources,
  { gateway, runFolder, log, readers }: LendingParts,
): Promise<Lending> {
  const listener: GatewayListener = await openGatewayListener(gateway, log);
  const folder = path.join(runFolder, "lent");
  await mkdir(folder);
  await chmod(folder, 0o755);
  const [socketPath, gatewayPath] = [path.join(folder, RESOURCE_SOCKET), path.join(folder, GATEWAY_SOCKET)];
  const grants = new Map<string, ResourceGrant & { revoke(): void }>();
  const people = createPseudonyms();
  const named = (call: FlowCall, principal = call.principal): FlowCall => ({
    ...call,
    principal: principal === undefined ? undefined : people.of(principal),
  });
  const seen: FlowResources = {
    ...resources,
    // Held here and not in the instance: a flow's own word on groups counts for nothing.
    searchIndex: async (name) => visibleIndex(await resources.searchIndex(name), readers),
  };
  const server = resourceServer(seen, { token: (token) => grants.get(token), log });
  await listen(server, { socketPath });
  const forward = await openForward({ socketPath: gatewayPath }, { port: Number(new URL(listener.url).port) });
  // The folder above is its owner's alone. Inside a container another user may be the one to connect.
  for (const socket of [socketPath, gatewayPath]) await chmod(socket, 0o666);
  return {
    attributed: (deployment) =>
      new Proxy(deployment, {
        get(target, property) {
          const value: unknown = Reflect.get(target, property, target);
          if (property === "invoke") {
            return ((call, signal) => target.invoke(named(call), signal)) satisfies Target["invoke"];
          }
          if (property !== "shadow") return value;
          // Copies are nobody's wish: what they use must not come out of a caller's limits.
          return { take: (call: FlowCall) => (value as Deployment["shadow"]).take(named(call, SYSTEM.principal)) };
        },
      }),
    addressFor(spec) {
      const token = secretToken();
      const caller = { principal: LOCAL_PRINCIPAL.id, flow: spec.endpointName };
      const lent = gateway.credentials.lend(caller, people.principalOf);
      const access = { url: listener.url, token: lent.token };
      grants.set(token, {
        revoke: lent.revoke,
        caller,
        principalOf: people.principalOf,
        mayRead: spec.flow === undefined ? undefined : namedIn(spec.flow),
        present: (connection) => {
          // What an image does with a secret cannot be looked up.
          if (spec.flow === undefined && !isLent(connection)) throw notLent(connection.name);
          return lentConnection(connection, access);
        },
      });
      return { socketPath, token };
    },
    release(token) {
      grants.get(token)?.revoke();
      grants.delete(token);
    },
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await forward.close();
      await listener.close();
    },
  };
}

function notLent(name: string): FlowsteadError {
  const text = `The connection "${name}" is not one of a model, and its deployment names no flow that could be seen to use it. Give \`model.path\` beside the image.`;
  return new FlowsteadError("Forbidden", text);
}
