// Hands connections on byte by byte: from a port to a socket file or the other way, where one side can only reach one of them.

import { type AddressInfo, type Socket, connect, createServer } from "node:net";

/** A socket file, or a port of the loopback address; port 0 for any free one. */
export type Place = { socketPath: string } | { port: number };

export interface Forward {
  /** Where it listens, when that is a port. */
  readonly port: number | undefined;
  close(): Promise<void>;
}

export async function openForward(from: Place, to: Place): Promise<Forward> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const other = connect(addressOf(to));
    for (const [one, another] of [
      [socket, other],
      [other, socket],
    ] as const) {
      open.add(one);
      one.pipe(another);
      // What happens to one of them happens to both.
      one.on("error", () => another.destroy());
      one.once("close", () => {
        open.delete(one);
        another.destroy();
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(addressOf(from), resolve);
  });
  const address = server.address() as AddressInfo | string | null;
  return {
    port: typeof address === "object" ? address?.port : undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function addressOf(place: Place): { path: string } | { host: string; port: number } {
  return "socketPath" in place ? { path: place.socketPath } : { host: "127.0.0.1", port: place.port };
}
