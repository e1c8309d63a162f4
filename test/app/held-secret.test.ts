// Which values of a system are secrets, and which variables a flow's own code therefore does not see.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { heldSecrets } from "../../src/app/held-secret.ts";
import { connectionFolder } from "../../src/config/folder.ts";
import { flowEnvironment, holdsSecret } from "../../src/config/flow-environment.ts";
import { configSchema } from "../../src/config/schema.ts";
import { openConnectionStore } from "../../src/connection/store.ts";

test("secrets are found wherever the configuration has them, and nothing else is taken for one", async (context) => {
  const home = await mkdtemp(path.join(tmpdir(), "secrets-"));
  context.after(() => rm(home, { recursive: true, force: true }));
  const config = configSchema.parse({
    home,
    tls: { cert_file: "cert.pem", key_file: "the-path-of-a-key.pem" },
    models: [
      { provider: "openai", api_key: "of-a-model", model: "gpt" },
      {
        provider: "azure-openai",
        endpoint: "https://a.openai.azure.com",
        deployment: "d",
        auth: { type: "client_secret", tenant_id: "the-tenant", client_id: "the-client", client_secret: "of-entra" },
      },
    ],
    connections: {
      mine: { type: "custom", configs: { place: "no-secret" }, secrets: { anything: "of-a-connection" } },
    },
    gateway: {
      redis: "redis://user:of-redis@127.0.0.1:6379/0",
      keys: [{ name: "the-team", key: "of-a-caller-of-the-gateway" }],
      guards: [{ moderator: "openai-moderation", api_key: "of-a-guard" }],
      limits: [{ principal: "the-team", max_tokens: 100 }],
    },
    embedder: { provider: "openai", model: "e", api_key: "of-an-embedder" },
    telemetry: { otlp_endpoint: "http://127.0.0.1:4318", headers: { anything: "of-an-exporter" } },
    search: { provider: "opensearch", url: "http://127.0.0.1:9200", username: "who", password: "of-a-search" },
    documents: { azure_blob: { account_key: "of-a-store", connection_string: "AccountName=a;AccountKey=b" } },
    regional_endpoints: [
      { name: "everywhere", members: [{ name: "far", url: "http://127.0.0.1:1/score", key: "of-an-endpoint" }] },
    ],
  });
  const stored = openConnectionStore(connectionFolder(config));
  await stored.save({
    name: "theirs",
    type: "CustomConnection",
    configs: {},
    secrets: { any: "of-a-stored-connection" },
  });
  const secrets = await heldSecrets(config);
  assert.deepEqual(
    [...secrets].sort(),
    [
      "AccountName=a;AccountKey=b",
      "of-a-caller-of-the-gateway",
      "of-a-connection",
      "of-a-guard",
      "of-a-model",
      "of-a-search",
      "of-a-store",
      "of-a-stored-connection",
      "of-an-embedder",
      "of-an-endpoint",
      "of-an-exporter",
      "of-entra",
      "of-redis",
      "redis://user:of-redis@127.0.0.1:6379/0",
    ].sort(),
  );
});

test("a variable that is a secret or holds one is kept from a flow's code, which finds the gateway in its place", () => {
  const secrets = new Set(["sk-0123456789abcdef", "short"]);
  const env = {
    OPENAI_API_KEY: "sk-0123456789abcdef",
    HEADER: "Bearer sk-0123456789abcdef",
    SETTINGS: '{"key": "sk-0123456789abcdef"}',
    MINE: "a short text of my own",
    PATH: "/usr/bin",
  };
  assert.equal(holdsSecret({ MINE: env.MINE }, secrets), false);
  assert.equal(holdsSecret({ HEADER: env.HEADER }, secrets), true);
  const kept = { MINE: env.MINE, PATH: env.PATH };
  assert.deepEqual(flowEnvironment(env, { secrets }), kept);
  const gateway = { url: "http://127.0.0.1:1/connections/default", token: "fst-lent" };
  assert.deepEqual(flowEnvironment(env, { secrets, gateway }), {
    ...kept,
    OPENAI_API_KEY: gateway.token,
    OPENAI_BASE_URL: `${gateway.url}/v1`,
  });
});
