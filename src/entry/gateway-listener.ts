// The address at which flow instances reach their models: loopback only, any free port, and nothing else behind it.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { FlowsteadError } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import { sendJson } from "../endpoint/exchange.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { wireError } from "../gateway/wire.ts";
import { plainFront } from "../network/plain-front.ts";
import type { ServedResponse } from "../network/served-exchange.ts";
import { originGuard } from "./guard.ts";
import { gatewayRoute } from "./route/gateway.ts";
import { hotCall } from "./hot.ts";

/** In the form that the clients of models read. */
function refuse(response: ServedResponse, thrown: unknown, ids: Record<string, string> = {}): void {
  if (response.headersSent) return void response.destroy();
  const { status, headers, body } = wireError(thrown);
  sendJson(response, status, body, { ...headers, ...ids });
}

export interface GatewayListener {
  readonly url: string;
  close(): Promise<void>;
}

export async function openGatewayListener(gateway: Gateway, log: Logger): Promise<GatewayListener> {
  const route = gatewayRoute(gateway);
  const checkOrigin = originGuard();
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    const hot = hotCall(request, response, log);
    try {
      checkOrigin(request);
      const work = route(hot, undefined);
      if (!work) throw new FlowsteadError("Unauthorized", "The token is missing or wrong.");
      work.catch((thrown: unknown) => refuse(response, thrown, hot.ids));
    } catch (thrown) {
      refuse(response, thrown, hot.ids);
    }
  });
  const front = plainFront(server, {
    event: "connection",
    take(request, response) {
      try {
        checkOrigin(request);
        const hot = hotCall(request, response, log);
        const work = route(hot, undefined);
        work?.catch((thrown: unknown) => refuse(response, thrown, hot.ids));
        return work !== undefined;
      } catch {
        // The server says why.
        return false;
      }
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        front.closeAll();
        server.closeAllConnections();
      }),
  };
}
