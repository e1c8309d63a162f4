import type { HttpClient, HttpClientOptions } from "./http-exchange.ts";
import { plainClient } from "./plain-client.ts";
import { secureClient } from "./secure-client.ts";

/** Pooled connections to one server, over TLS or plain as its origin says. */
export function httpClient(origin: string, options: HttpClientOptions): HttpClient {
  return origin.startsWith("https:") ? secureClient(origin, options) : plainClient(origin, options);
}
