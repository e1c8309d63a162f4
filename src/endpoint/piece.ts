// Pieces of a streamed answer, each on its way as soon as it is there.

import { PlainResponse } from "../network/plain-response.ts";
import type { ServedResponse } from "../network/served-exchange.ts";
import { corkForTurn } from "../network/turn.ts";

export interface PieceWriter {
  /** False when the client is behind: then `drained` is to be waited for. */
  write(text: string | Buffer): boolean;
  /** Resolves when more may be written, or the client is gone. */
  drained(): Promise<void>;
}

/**
 * Writes pieces of an answer that is sent in chunks as one text each. `response.write` hands the socket four for every
 * piece (its length, a line's end, the piece, a line's end) and costs three times as much: most of what a stream of tokens
 * costs. The head leaves with the first piece, through the response; so does all that is not chunked. Pieces of one
 * turn of the event loop leave together.
 */
export function pieceWriter(response: ServedResponse): PieceWriter {
  if (response instanceof PlainResponse) return response;
  let hasBegun = false;
  return {
    write(text) {
      const { socket } = response;
      if (!hasBegun || typeof text !== "string" || !response.chunkedEncoding || !socket || text === "") {
        hasBegun = true;
        return response.write(text);
      }
      corkForTurn(socket);
      return socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
    },
    drained() {
      const { socket } = response;
      if (response.destroyed) return Promise.resolve();
      return new Promise((resolve) => {
        const done = (): void => {
          response.off("drain", done);
          response.off("close", done);
          socket?.off("drain", done);
          resolve();
        };
        response.on("drain", done);
        response.on("close", done);
        socket?.on("drain", done);
      });
    },
  };
}
