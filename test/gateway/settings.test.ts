// What is wrong in the gateway's settings is named, with its key and what to do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { configSchema } from "../../src/config/schema.ts";
import { createCredentials } from "../../src/gateway/credential.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import { openModerator } from "../../src/model/provider/index.ts";

const WRONG: readonly [gateway: object, path: string, message: RegExp][] = [
  [{ limits: [{ principal: "a" }] }, "gateway.limits.0", /names no limit/],
  [{ limits: [{ tokens_per_minute: 0 }] }, "gateway.limits.0.tokens_per_minute", /.+/],
  [{ keys: [{ name: "a", key: "short" }] }, "gateway.keys.0.key", /at least 16/],
  [{ guards: [{ moderator: "azure-content-safety", api_key: "k" }] }, "gateway.guards.0.endpoint", /.+/],
  [{ guards: [{ moderator: "none" }] }, "gateway.guards.0.moderator", /.+/],
  [{ prices: { default: { output: 1 } } }, "gateway.prices.default.input", /.+/],
];

for (const [gateway, path, message] of WRONG) {
  test(`${path} of ${JSON.stringify(gateway)}`, () => {
    const { error } = configSchema.safeParse({ gateway });
    const found = error?.issues.find((issue) => issue.path.join(".") === path);
    assert.match(found?.message ?? "", message, JSON.stringify(error?.issues));
  });
}

test("an alias must lead to a model, and a pattern must be one", () => {
  const open = (aliases: Record<string, string>): unknown =>
    createGateway({
      credentials: createCredentials([]),
      models: new Map(),
      aliases,
      embedder: () => undefined,
      embedderNames: [],
      connectionModel: () => Promise.reject(new Error("none")),
      connectionEmbedder: () => Promise.reject(new Error("none")),
    });
  assert.throws(() => open({ a: "b" }), {
    code: "InvalidConfig",
    message: /gateway\.aliases\.a: there is no model "b"/,
  });
  assert.throws(() => openModerator({ moderator: "rules", patterns: ["("] }), { code: "InvalidConfig" });
});
