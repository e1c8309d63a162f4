// A gateway over fake regions, on a real port, with everything that the configuration can say.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import OpenAI, { AzureOpenAI } from "openai";
import type { z } from "zod";
import { SILENT } from "../../src/base/log.ts";
import { configSchema } from "../../src/config/schema.ts";
import { openGatewayListener } from "../../src/entry/gateway-listener.ts";
import { createCredentials } from "../../src/gateway/credential.ts";
import { createGateway, type Gateway } from "../../src/gateway/gateway.ts";
import type { Ledger } from "../../src/gateway/ledger.ts";
import { openLedger } from "../../src/gateway/ledger.ts";
import { type Governance, openGovernance } from "../../src/gateway/open.ts";
import { meteredEmbedder } from "../../src/gateway/metered.ts";
import { openModelPools } from "../../src/model/pools.ts";
import { modelSettings, openEmbedder } from "../../src/model/provider/index.ts";
import { openRecordStore } from "../../src/store/provider/index.ts";

export const KEYS = { a: "key-of-team-a-0001", b: "key-of-team-b-0002", narrow: "key-of-narrow-0003" };

export interface Served {
  url: string;
  gateway: Gateway;
  ledger: Ledger;
  degraded: Governance["degraded"];
  openai(key?: string): OpenAI;
  azure(deployment: string, key?: string): AzureOpenAI;
}

interface ServeOptions {
  models: Record<string, unknown>[];
  gateway?: z.input<typeof configSchema>["gateway"];
  embedder?: string;
  /** Where the ledger lies; a folder that goes with the test when absent. */
  folder?: string;
}

export async function serve(
  context: Pick<TestContext, "after">,
  { models, gateway: settings, embedder: at, folder: kept }: ServeOptions,
): Promise<Served> {
  const folder = kept ?? (await mkdtemp(path.join(tmpdir(), "gateway-")));
  const config = configSchema.parse({ models, gateway: settings ?? {} });
  const store = await openRecordStore({ file: path.join(folder, "records.db") });
  const pools = openModelPools(config.models.map(modelSettings), SILENT, { waitMs: 0 });
  const governance = await openGovernance({
    config: config.gateway,
    pools,
    ledger: await openLedger(store, SILENT),
    log: SILENT,
  });
  const embedder =
    at === undefined
      ? undefined
      : await openEmbedder({ provider: "openai", baseUrl: at, model: "embed", dimensions: 8 });
  const gateway = createGateway({
    credentials: createCredentials([
      { name: "team-a", key: KEYS.a },
      { name: "team-b", key: KEYS.b },
      { name: "narrow", key: KEYS.narrow, models: ["other"] },
    ]),
    models: governance.models,
    aliases: config.gateway.aliases,
    embedder: (caller) => embedder && meteredEmbedder(embedder, "embed", governance.meter, caller),
    embedderNames: embedder ? ["embed"] : [],
    connectionModel: async (name) => governance.models.get(name) ?? Promise.reject(new Error("none")),
    connectionEmbedder: () => Promise.reject(new Error("none")),
  });
  const listener = await openGatewayListener(gateway, SILENT);
  context.after(async () => {
    await listener.close();
    await governance.close();
    await Promise.all([...pools.values()].map((pool) => pool.close()));
    await embedder?.close();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    url: listener.url,
    gateway,
    ledger: governance.ledger,
    degraded: governance.degraded,
    openai: (apiKey = KEYS.a) => new OpenAI({ baseURL: `${listener.url}/v1`, apiKey, maxRetries: 0 }),
    azure: (deployment, apiKey = KEYS.a) =>
      new AzureOpenAI({ endpoint: listener.url, apiKey, deployment, apiVersion: "2024-10-21", maxRetries: 0 }),
  };
}
