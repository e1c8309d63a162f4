// A process of its own that shares limits, for a test: says that it is open, and takes what it is told to at its first input.

import { once } from "node:events";
import { SILENT } from "../../src/base/log.ts";
import { openRateLimiter } from "../../src/gateway/provider/index.ts";

const [redis = "", count = "0"] = process.argv.slice(2);
const limiter = await openRateLimiter({ redis, log: SILENT });
process.stdout.write("open");
await once(process.stdin, "data");
const charge = { key: "shared", perMinute: 60, amount: 1 };
const results = await Promise.all(Array.from({ length: Number(count) }, async () => limiter.take([charge])));
process.stdout.write(String(results.filter(({ ok }) => ok).length));
process.stdin.destroy();
await limiter.close();
