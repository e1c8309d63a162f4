// The models of the configuration under the names by which programs call them.

import { FlowsteadError } from "../base/error/error.ts";
import type { Caller, ChatModel } from "../model/chat-model.ts";
import type { Embedder } from "../model/embedder.ts";
import type { Credential, Credentials } from "./credential.ts";
import { type FindOwnData, ownDataModel } from "./own-data.ts";

export interface GatewayOptions {
  credentials: Credentials;
  models: ReadonlyMap<string, ChatModel>;
  /** Other names of models. */
  aliases: Readonly<Record<string, string>>;
  /** The embedder that a caller uses, metered on its behalf. */
  embedder: (caller: Caller) => Embedder | undefined;
  embedderNames: readonly string[];
  /** The model behind a connection, for flows that reach it through the gateway. @throws `ConnectionNotFound`. */
  connectionModel: (name: string) => Promise<ChatModel>;
  connectionEmbedder: (name: string, wanted: WantedEmbedder, caller: Caller) => Promise<Embedder>;
}

export interface WantedEmbedder {
  model: string;
  /** Of its vectors; the server's own when absent. */
  dimensions: number | undefined;
}

export interface Gateway {
  readonly credentials: Credentials;
  /** Names that a caller may use. */
  names(credential: Credential): string[];
  /** @throws FlowsteadError `ModelNotFound`, also for one that the caller may not use. */
  model(name: string, credential: Credential): ChatModel;
  embedder(name: string, credential: Credential): Embedder;
  connectionModel(name: string): Promise<ChatModel>;
  connectionEmbedder(name: string, wanted: WantedEmbedder, credential: Credential): Promise<Embedder>;
}

export function createGateway(options: GatewayOptions): Gateway {
  const { models, aliases, embedder, embedderNames } = options;
  const chatNames = [...models.keys(), ...Object.keys(aliases)];
  for (const [alias, name] of Object.entries(aliases)) {
    if (models.has(alias)) {
      throw new FlowsteadError("InvalidConfig", `gateway.aliases.${alias}: there is a model of this name already.`);
    }
    if (!models.has(name)) {
      const known = [...models.keys()].join(", ");
      throw new FlowsteadError(
        "InvalidConfig",
        `gateway.aliases.${alias}: there is no model "${name}". There are: ${known}.`,
      );
    }
  }
  const allowed = (name: string, { models: only }: Credential): boolean =>
    !only || only.has(name) || only.has(aliases[name] ?? name);
  const unknown = (name: string, credential: Credential): FlowsteadError => {
    const names = [...chatNames, ...embedderNames].filter((one) => allowed(one, credential));
    return new FlowsteadError(
      "ModelNotFound",
      `There is no model "${name}" here, or this key may not use it. There are: ${names.join(", ") || "none"}.`,
    );
  };
  return {
    credentials: options.credentials,
    names: (credential) => [...chatNames, ...embedderNames].filter((name) => allowed(name, credential)),
    model(name, credential) {
      const model = allowed(name, credential) ? models.get(aliases[name] ?? name) : undefined;
      if (!model) throw unknown(name, credential);
      return model;
    },
    embedder(name, credential) {
      const found = embedderNames.includes(name) && allowed(name, credential) ? embedder(credential.caller) : undefined;
      if (!found) throw unknown(name, credential);
      return found;
    },
    connectionModel: options.connectionModel,
    connectionEmbedder: (name, wanted, { caller }) => options.connectionEmbedder(name, wanted, caller),
  };
}

/** The same gateway, whose models answer from indexes that a request names. */
export function withOwnData(gateway: Gateway, find: FindOwnData): Gateway {
  return { ...gateway, model: (name, credential) => ownDataModel(gateway.model(name, credential), find) };
}
