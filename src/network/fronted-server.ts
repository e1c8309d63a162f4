import { type Server, type ServerOptions, type RequestListener, createServer } from "node:http";
import { type TakeRequest, plainFront } from "./plain-front.ts";

/** A server of node's with the front before it, which is closed as that server is. */
export function frontedServer(settings: ServerOptions, listener: RequestListener, take: TakeRequest): Server {
  const server = createServer(settings, listener);
  const front = plainFront(server, { event: "connection", take });
  const [closeIdle, closeAll] = [server.closeIdleConnections, server.closeAllConnections];
  // Called by `close`, too.
  server.closeIdleConnections = () => {
    closeIdle.call(server);
    front.closeIdle();
  };
  server.closeAllConnections = () => {
    front.closeAll();
    closeAll.call(server);
  };
  return server;
}
