// A PostgreSQL with pgvector from npm: the real database, compiled for Node, behind the wire protocol on a port of its own. It
// has one session, which the connections take in turns: each keeps it for a whole exchange, and to the end of a transaction.

import { type AddressInfo, type Socket, createServer } from "node:net";
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";

export interface PgvectorServer {
  url: string;
  /** Past the wire, for what the tests want to know of the database. */
  sql<R>(text: string): Promise<R[]>;
  stop(): Promise<void>;
}

/** Codes that come instead of a version of the protocol. */
const SSL_REQUEST = 80_877_103;
const [SYNC, QUERY, TERMINATE] = ["S", "Q", "X"];
const IDLE = "I".charCodeAt(0);

export async function startPgvector(): Promise<PgvectorServer> {
  const database = await PGlite.create({ extensions: { vector } });
  const takeTurn = turns();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("close", () => sockets.delete(socket)).on("error", () => undefined));
    void serve(socket, database, takeTurn);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `postgres://postgres@127.0.0.1:${(server.address() as AddressInfo).port}/postgres`,
    async sql<R>(text: string) {
      const release = await takeTurn();
      return database
        .query<R>(text)
        .then(({ rows }) => rows)
        .finally(release);
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await database.close();
    },
  };
}

async function serve(socket: Socket, database: PGlite, takeTurn: () => Promise<() => void>): Promise<void> {
  let release: (() => void) | undefined;
  const answered = async (message: Buffer): Promise<void> => {
    release ??= await takeTurn();
    const answer = await database.execProtocolRaw(message);
    socket.write(answer);
    // The last that is said of an exchange is whether a transaction is open.
    if (answer.at(-6) !== "Z".charCodeAt(0) || answer.at(-1) !== IDLE) return;
    release();
    release = undefined;
  };
  try {
    for await (const { type, message } of messagesOf(socket)) {
      if (type === TERMINATE) break;
      await answered(message);
    }
  } catch {
    // The client has gone.
  } finally {
    if (release) await database.exec("ROLLBACK").catch(() => undefined);
    release?.();
    socket.end();
  }
}

/** Whole exchanges: what comes before a sync belongs to it, lest another connection comes between. */
async function* messagesOf(socket: Socket): AsyncGenerator<{ type: string; message: Buffer }> {
  let unread = Buffer.alloc(0);
  let exchange: Buffer[] = [];
  let isStarted = false;
  for await (const part of socket) {
    unread = Buffer.concat([unread, part as Buffer]);
    for (;;) {
      const head = isStarted ? 1 : 0;
      if (unread.length < head + 4) break;
      const length = head + unread.readUInt32BE(head);
      if (unread.length < length) break;
      const message = unread.subarray(0, length);
      unread = unread.subarray(length);
      if (!isStarted && message.readUInt32BE(4) === SSL_REQUEST) {
        socket.write("N");
        continue;
      }
      const type = isStarted ? String.fromCharCode(message[0]!) : "";
      exchange.push(message);
      if (isStarted && type !== SYNC && type !== QUERY && type !== TERMINATE) continue;
      isStarted = true;
      yield { type, message: Buffer.concat(exchange) };
      exchange = [];
    }
  }
}

/** One holder at a time, in the order in which they asked. */
function turns(): () => Promise<() => void> {
  let last: Promise<void> = Promise.resolve();
  return () => {
    const before = last;
    let release = (): void => undefined;
    last = new Promise((resolve) => (release = resolve));
    return before.then(() => release);
  };
}
