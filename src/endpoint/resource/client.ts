import { FlowsteadError } from "../../base/error/error.ts";
import { plain } from "../../base/json.ts";
import type { Connection } from "../../connection/connection.ts";
import type { FlowResources } from "../../flow/resource.ts";
import type { Caller, ChatChunk, ChatModel } from "../../model/chat-model.ts";
import type { Embedder } from "../../model/embedder.ts";
import { type Hop, type HopAddress, openHop } from "../../network/hop.ts";
import type { SearchIndex } from "../../search/search-index.ts";
import { indexOver } from "./index-call.ts";

export interface RemoteResources extends FlowResources {
  close(): Promise<void>;
}

/** The resources that `resourceServer` lends at an address. */
export function remoteResources(address: HopAddress): RemoteResources {
  const hop = openHop(address, { unreachable: "ShuttingDown", lost: "ShuttingDown", peer: "The resource socket" });
  const call = async (path: string, body: unknown, signal?: AbortSignal): Promise<unknown> =>
    plain(await hop.json(path, body, signal));
  // Names that the other side has answered for once: a flow looks its resources up at every call.
  const models = new Map<string, ChatModel>();
  const indexes = new Map<string, SearchIndex>();
  const embedders = new Map<string | undefined, Embedder | undefined>();
  return {
    chatModel: async (name) => {
      const known = models.get(name);
      if (known) return known;
      const { id } = (await call("/model", { name })) as { id: string };
      const model = remoteModel(hop, name, id);
      models.set(name, model);
      return model;
    },
    embedder: async (name) => {
      if (embedders.has(name)) return embedders.get(name);
      const about = (await call("/embedder", { name })) as About | null;
      const embedder = about ? remoteEmbedder(call, name, about) : undefined;
      embedders.set(name, embedder);
      return embedder;
    },
    connection: async (name) => (await hop.json("/connection", { name })) as unknown as Connection,
    searchIndex: async (name) => {
      const known = indexes.get(name);
      if (known) return known;
      await call("/index", { index: name, method: "statistics" });
      const index = indexOver(name, (message, signal) => call("/index", message, signal));
      indexes.set(name, index);
      return index;
    },
    close: () => hop.close(),
  };
}

function remoteModel(hop: Hop, connection: string, id: string): ChatModel {
  return {
    id,
    async *chat(request, signal) {
      for await (const line of hop.lines("/chat", { connection, request }, { signal })) {
        const chunk = plain(line) as ChatChunk | { error: Parameters<typeof FlowsteadError.fromBody>[0] };
        if (isFailure(chunk)) throw FlowsteadError.fromBody(chunk.error);
        yield chunk;
      }
    },
    probe: async (signal) => {
      await hop.json("/model/probe", { name: connection }, signal);
    },
    close: async () => {},
  };
}

function isFailure(line: object): line is { error: Parameters<typeof FlowsteadError.fromBody>[0] } {
  return "error" in line && !("choices" in line);
}

interface About {
  fingerprint: string;
  dimensions: number;
}

function remoteEmbedder(
  call: (path: string, body: unknown, signal?: AbortSignal) => Promise<unknown>,
  connection: string | undefined,
  about: About,
  caller?: Caller,
): Embedder {
  return {
    ...about,
    embed: async (texts, kind, signal) => {
      const vectors = (await call("/embed", { connection, texts, kind, caller }, signal)) as number[][];
      return vectors.map((vector) => Float32Array.from(vector));
    },
    onBehalfOf: (other) => remoteEmbedder(call, connection, about, other),
    close: async () => {},
  };
}
