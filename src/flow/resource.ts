import type { Connection } from "../connection/connection.ts";
import type { ChatModel } from "../model/chat-model.ts";
import type { Embedder } from "../model/embedder.ts";
import type { SearchIndex } from "../search/search-index.ts";

/**
 * What a flow may reach besides its own files. The app gives a running flow exactly this: in one process the things
 * themselves, in an instance their counterparts behind a socket.
 */
export interface FlowResources {
  /**
   * The model behind a connection; the pool is shared by all nodes that name it.
   * @throws FlowsteadError `ConnectionNotFound`.
   */
  chatModel(connection: string): Promise<ChatModel>;
  /** The embedder behind a connection, or the index's own when no connection is named. */
  embedder(connection: string | undefined): Promise<Embedder | undefined>;
  /** @throws FlowsteadError `IndexNotFound`. */
  searchIndex(name: string): Promise<SearchIndex>;
  /** @throws FlowsteadError `ConnectionNotFound`. */
  connection(name: string): Promise<Connection>;
}
