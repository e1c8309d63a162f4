// What a flow gets that a command runs here, and not an instance: the same as an instance does. Its models are metered, and
// its own code reaches them through the gateway with a token that ends with this process, so that it never holds a key.

import type { Logger } from "../base/log.ts";
import type { Environment } from "../config/environment.ts";
import { flowEnvironment, holdsSecret } from "../config/flow-environment.ts";
import type { Config } from "../config/schema.ts";
import type { GatewayListener } from "../entry/gateway-listener.ts";
import { type GatewayAccess, isLent, lentConnection } from "../gateway/lent-connection.ts";
import type { Governance } from "../gateway/open.ts";
import type { FlowResources } from "../flow/resource.ts";
import { LOCAL_PRINCIPAL } from "../identity/provider/local.ts";
import type { BalancedModel } from "../model/balanced.ts";
import type { Caller, ChatModel, ChatRequest } from "../model/chat-model.ts";
import { type Embedder, embedderFor } from "../model/embedder.ts";
import type { SearchIndex } from "../search/search-index.ts";
import { wrappedIndex } from "../search/wrapped-index.ts";
import type { Accounts } from "./account.ts";
import type { ModelGateway } from "./model-gateway.ts";
import { heldSecrets } from "./held-secret.ts";
import { openResources } from "./resources.ts";

export interface FlowLoan {
  resources: FlowResources;
  /** What the flow's own code sees of the environment. */
  env: Environment;
  close(): Promise<void>;
}

export interface LoanParts {
  config: Readonly<Config>;
  env: Environment;
  log: Logger;
  /** Whoever opened these and what follows closes them. */
  accounts: Accounts;
  /** Not metered yet. */
  pools: ReadonlyMap<string, BalancedModel>;
  embedder: Embedder | undefined;
  openIndex: (name: string) => Promise<SearchIndex>;
  /** Stands in accounts. */
  flow: string;
  /** Whether code of the flow's own may run, which may look for a model by itself: then a gateway is there from the start. */
  hasCode: boolean;
}

/** Models are opened with the first that is asked: most commands end without one. */
export async function lendToFlow({
  config,
  env,
  log,
  accounts,
  pools,
  embedder,
  openIndex,
  flow,
  hasCode,
}: LoanParts): Promise<FlowLoan> {
  const caller: Caller = { principal: LOCAL_PRINCIPAL.id, flow };
  const bare = openResources(config, { env, log, models: pools, embedder, openIndex });
  let metered: Promise<Metered> | undefined;
  let lent: Promise<Lent> | undefined;
  const meteredOnce = (): Promise<Metered> => (metered ??= openMetered());
  const lentOnce = (): Promise<Lent> => (lent ??= openLent());

  interface Metered {
    governance: Governance;
    resources: ReturnType<typeof openResources>;
  }

  async function openMetered(): Promise<Metered> {
    const governance = await accounts.governance();
    const { models, govern } = governance;
    const own = embedderFor(accounts.governEmbedder(embedder), caller);
    return { governance, resources: openResources(config, { env, log, models, embedder: own, openIndex, govern }) };
  }

  interface Lent {
    gateway: ModelGateway;
    listener: GatewayListener;
    access: GatewayAccess;
  }

  async function openLent(): Promise<Lent> {
    const { openModelGateway } = await import("./model-gateway.ts");
    const { openGatewayListener } = await import("../entry/gateway-listener.ts");
    const { governance, resources } = await meteredOnce();
    const gateway = await openModelGateway(config, { governance, resources, embedder });
    const listener = await openGatewayListener(gateway, log);
    return { gateway, listener, access: { url: listener.url, token: gateway.credentials.lend(caller).token } };
  }

  async function codeSees(): Promise<Environment> {
    const secrets = await heldSecrets(config);
    if (!holdsSecret(env, secrets)) return env;
    if (!hasCode) return flowEnvironment(env, { secrets });
    const { access } = await lentOnce();
    const gateway = { url: `${access.url}/connections/default`, token: access.token };
    return flowEnvironment(env, { secrets, gateway });
  }

  async function close(): Promise<void> {
    await (await lent)?.listener.close();
    await (await lent)?.gateway.close();
    await (await metered)?.resources.close();
    await bare.close();
  }

  try {
    return {
      env: await codeSees(),
      resources: {
        chatModel: async (name) => onBehalf(await (await meteredOnce()).resources.chatModel(name), caller),
        embedder: async (connection) => (await meteredOnce()).resources.embedder(connection),
        searchIndex: async (name) => {
          const index = await bare.searchIndex(name);
          return wrappedIndex(index, {
            query: (query, signal) => index.query({ ...query, caller: { ...caller, ...query.caller } }, signal),
          });
        },
        connection: async (name) => {
          const found = await bare.connection(name);
          return isLent(found) ? lentConnection(found, (await lentOnce()).access) : found;
        },
      },
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function onBehalf(model: ChatModel, caller: Caller): ChatModel {
  const charged = (request: ChatRequest): ChatRequest => ({ ...request, caller: { ...caller, ...request.caller } });
  const { relay } = model;
  return {
    ...model,
    chat: (request, signal) => model.chat(charged(request), signal),
    ...(relay ? { relay: (request, signal) => relay(charged(request), signal) } : {}),
  };
}
