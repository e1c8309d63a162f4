import { connectionFolder } from "../config/folder.ts";
import type { Config } from "../config/schema.ts";
import { openConnectionStore } from "../connection/store.ts";

/** All secrets that this system holds for others: of models, of connections, of the gateway's callers and of searches. */
export async function heldSecrets(config: Readonly<Config>): Promise<Set<string>> {
  const { models, embedder, reranker, connections, gateway, search } = config;
  const secrets = new Set(secretsIn([models, embedder, reranker, connections, gateway, search]));
  for (const connection of await openConnectionStore(connectionFolder(config)).list()) {
    for (const value of Object.values(connection.secrets)) secrets.add(value);
  }
  return secrets;
}

/** Texts under names of secrets, wherever they stand in the configuration. */
function secretsIn(value: unknown, name = ""): string[] {
  if (typeof value === "string") return /key|secret|token|password/i.test(name) ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => secretsIn(item, Array.isArray(value) ? name : key));
}
