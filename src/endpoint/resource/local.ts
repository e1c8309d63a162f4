import { FlowsteadError } from "../../base/error/error.ts";
import type { Logger } from "../../base/log.ts";
import type { Connection } from "../../connection/connection.ts";
import type { ConnectionSource } from "../../connection/source.ts";
import type { FlowResources } from "../../flow/resource.ts";
import { balancedModel } from "../../model/balanced.ts";
import type { ChatModel } from "../../model/chat-model.ts";
import type { Embedder } from "../../model/embedder.ts";
import { connectionModel, openModel } from "../../model/provider/index.ts";
import type { SearchIndex } from "../../search/search-index.ts";

export interface LocalResourceOptions {
  /** Model pools of the configuration; a flow names them as its connection. */
  models: ReadonlyMap<string, ChatModel>;
  connections: ConnectionSource;
  embedder: Embedder | undefined;
  /** @throws FlowsteadError `IndexNotFound`. */
  openIndex: (name: string) => Promise<SearchIndex>;
  log: Logger;
  /** Put around the models behind connections: limits, accounts, guards. */
  govern?: <Model extends ChatModel>(model: Model, name: string) => Model;
}

export interface LocalResources extends FlowResources {
  /** Closes what was opened here; what came in through the options is closed by its owner. */
  close(): Promise<void>;
}

/** What flows may reach, in the process that holds it. Models and indexes are opened once and shared. */
export function localResources({
  models,
  connections,
  embedder,
  openIndex,
  log,
  govern = (model) => model,
}: LocalResourceOptions): LocalResources {
  const opened = new Map<string, Promise<ChatModel>>();
  const indexes = new Map<string, Promise<SearchIndex>>();
  return {
    chatModel: (name) => {
      const configured = models.get(name);
      return configured
        ? Promise.resolve(configured)
        : once(opened, name, async () => govern(behind(await connections.get(name), log), name));
    },
    embedder: async () => embedder,
    connection: async (name) => (models.has(name) ? pooledConnection(name) : connections.get(name)),
    searchIndex: (name) => once(indexes, name, () => openIndex(name)),
    async close() {
      const all = await Promise.allSettled([...opened.values(), ...indexes.values()]);
      await Promise.all(all.map(async (result) => result.status === "fulfilled" && result.value.close()));
    },
  };
}

/** Remembers successes only, so that what failed is tried again. */
function once<T>(known: Map<string, Promise<T>>, name: string, open: () => Promise<T>): Promise<T> {
  let found = known.get(name);
  if (!found) {
    found = open();
    known.set(name, found);
    found.catch(() => known.delete(name));
  }
  return found;
}

function behind(connection: Connection, log: Logger): ChatModel {
  const model = openModel(connectionModel(connection), { log });
  return balancedModel([{ model }], { log });
}

/** A pool of the configuration, seen as the connection that nodes expect; it has no key, since the pool holds it. */
function pooledConnection(name: string): Connection {
  if (name === "") throw new FlowsteadError("ConnectionNotFound", "The node names no connection.");
  return { name, type: "OpenAIConnection", configs: {}, secrets: {} };
}
