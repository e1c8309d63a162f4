// The router alone, as a process of its own: the entry with one endpoint whose instance is a server elsewhere.

import { SILENT } from "../src/base/log.ts";
import { endpointKeys } from "../src/endpoint/key.ts";
import { openRegions } from "../src/endpoint/region.ts";
import { openEntry } from "../src/entry/server.ts";

const [upstream = "", key = ""] = process.argv.slice(2);
const { endpoint } = openRegions({
  name: "bench",
  keys: endpointKeys("bench", { primaryKey: key, secondaryKey: `${key}-secondary` }),
  servers: [{ name: "upstream", at: upstream }],
  probe: { initialDelayMs: 0, periodMs: 5_000, timeoutMs: 5_000, successThreshold: 1, failureThreshold: 10 },
  requestSettings: { requestTimeoutMs: 120_000, maxConcurrentRequestsPerInstance: 10_000, maxQueueWaitMs: 0 },
  log: SILENT,
});
const entry = await openEntry({
  host: "127.0.0.1",
  port: 0,
  findPort: false,
  endpoints: new Map([[endpoint.name, endpoint]]),
  version: "bench",
  log: SILENT,
  mount: async () => {},
});
console.log(`  ${entry.url}`);
process.once("SIGTERM", () => void entry.close(0).then(() => process.exit(0)));
