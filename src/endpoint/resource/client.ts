import { FlowsteadError } from "../../base/error/error.ts";
import { plain } from "../../base/json.ts";
import type { Connection } from "../../connection/connection.ts";
import type { FlowResources } from "../../flow/resource.ts";
import type { ChatChunk, ChatModel } from "../../model/chat-model.ts";
import type { Embedder } from "../../model/embedder.ts";
import { type Hop, type HopAddress, openHop } from "../../network/hop.ts";
import { indexOver } from "./index-call.ts";

export interface RemoteResources extends FlowResources {
  close(): Promise<void>;
}

/** The resources that `resourceServer` lends at an address. */
export function remoteResources(address: HopAddress): RemoteResources {
  const hop = openHop(address, { unreachable: "ShuttingDown", lost: "ShuttingDown", peer: "The resource socket" });
  const call = async (path: string, body: unknown, signal?: AbortSignal): Promise<unknown> =>
    plain(await hop.json(path, body, signal));
  return {
    chatModel: async (name) => {
      const { id } = (await call("/model", { name })) as { id: string };
      return remoteModel(hop, name, id);
    },
    embedder: async (name) => {
      const about = (await call("/embedder", { name })) as { fingerprint: string; dimensions: number } | null;
      return about ? remoteEmbedder(call, name, about) : undefined;
    },
    connection: async (name) => (await hop.json("/connection", { name })) as unknown as Connection,
    searchIndex: async (name) => {
      await call("/index", { index: name, method: "statistics" });
      return indexOver(name, (message, signal) => call("/index", message, signal));
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

function remoteEmbedder(
  call: (path: string, body: unknown, signal?: AbortSignal) => Promise<unknown>,
  connection: string | undefined,
  about: { fingerprint: string; dimensions: number },
): Embedder {
  return {
    ...about,
    embed: async (texts, kind, signal) => {
      const vectors = (await call("/embed", { connection, texts, kind }, signal)) as number[][];
      return vectors.map((vector) => Float32Array.from(vector));
    },
    close: async () => {},
  };
}
