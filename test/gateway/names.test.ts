// Which names a key may use, and which it is told.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createCredentials } from "../../src/gateway/credential.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import type { ChatModel } from "../../src/model/chat-model.ts";

test("a key with models of its own sees them alone, by their names and by other names that lead to them", () => {
  const model = (id: string): ChatModel => ({
    id,
    chat: () => assert.fail("nobody is asked"),
    probe: async () => {},
    close: async () => {},
  });
  const gateway = createGateway({
    credentials: createCredentials([]),
    models: new Map([
      ["large", model("large")],
      ["small", model("small")],
    ]),
    aliases: { "gpt-4": "large", mini: "small" },
    embedder: () => undefined,
    embedderNames: ["embed"],
    connectionModel: () => assert.fail(),
    connectionEmbedder: () => assert.fail(),
  });
  const holder = (...models: string[]) => ({ caller: { principal: "team" }, models: new Set(models) });
  assert.deepEqual(gateway.names({ caller: { principal: "team" }, models: undefined }), [
    "large",
    "small",
    "gpt-4",
    "mini",
    "embed",
  ]);
  assert.deepEqual(gateway.names(holder("large")), ["large", "gpt-4"]);
  assert.deepEqual(gateway.names(holder("mini", "embed")), ["mini", "embed"]);
  assert.equal(gateway.model("gpt-4", holder("large")).id, "large");
  assert.equal(gateway.model("mini", holder("mini")).id, "small");
  assert.throws(() => gateway.model("small", holder("mini")), { code: "ModelNotFound", message: /There are: mini\./ });
  assert.throws(() => gateway.model("mini", holder("large")), { code: "ModelNotFound" });
});
