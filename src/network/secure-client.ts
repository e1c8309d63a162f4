// A client of one server over TLS: undici's pool, which has met what servers of the Internet do. Beside the cost of TLS, what
// it adds to a call is small.

import { Pool } from "./http-pool.ts";
import type { HttpClient, HttpClientOptions } from "./http-exchange.ts";

export function secureClient(origin: string, options: HttpClientOptions): HttpClient {
  const { connections, timeoutMs, socketPath, tls } = options;
  const pool = new Pool(origin, {
    connections,
    pipelining: 1,
    // Deadlines belong to whoever calls.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: timeoutMs, ...(socketPath === undefined ? {} : { socketPath }), ...tls },
  });
  return {
    dispatch({ method, path, headers, body = null }, handler) {
      pool.dispatch(
        { method, path, headers: { ...headers }, body },
        {
          onRequestStart: (controller) => handler.onRequestStart(controller),
          onResponseStart: (controller, status, answered) => {
            // Early hints and the like are no answer.
            if (status >= 200) handler.onResponseStart(controller, status, answered);
          },
          onResponseData: (controller, bytes) => handler.onResponseData(controller, bytes),
          onResponseEnd: (controller) => handler.onResponseEnd(controller),
          onResponseError: (controller, error) => handler.onResponseError(controller, error),
        },
      );
    },
    close: () => pool.close(),
  };
}
