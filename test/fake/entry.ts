import { SILENT } from "../../src/base/log.ts";
import { openEndpoint } from "../../src/endpoint/endpoint.ts";
import { type EndpointKeys, endpointKeys } from "../../src/endpoint/key.ts";
import { type Entry, type EntryOptions, openEntry } from "../../src/entry/server.ts";
import type { Target } from "../../src/flow/target.ts";

export const PRIMARY_KEY = "primary-key-of-the-test-endpoint";
const KEYS = endpointKeys("test", { primaryKey: PRIMARY_KEY, secondaryKey: "secondary-key-of-the-test-endpoint" });

/** An entry over one endpoint "chat", whose one deployment "blue" is `target`. */
export async function openTestEntry(
  target: Target,
  { passthrough = false, ...options }: Partial<EntryOptions> & { passthrough?: boolean } = {},
  keys: EndpointKeys = KEYS,
): Promise<Entry> {
  const endpoint = openEndpoint({
    name: "chat",
    keys,
    deployments: [{ ...target, name: "blue", instances: [], pending: 0, shadow: { take() {} }, ready: async () => {} }],
    traffic: { blue: 100 },
    passthrough,
  });
  return openEntry({
    host: "127.0.0.1",
    port: 0,
    findPort: false,
    endpoints: new Map([["chat", endpoint]]),
    version: "1",
    log: SILENT,
    mount: async () => {},
    ...options,
  });
}
