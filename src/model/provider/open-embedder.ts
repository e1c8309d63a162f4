// Opens embedders: of one server, of a pool of regions, and behind a connection.

import { FlowsteadError } from "../../base/error/error.ts";
import type { Logger } from "../../base/log.ts";
import type { Connection } from "../../connection/connection.ts";
import { mustAgree } from "../agree.ts";
import { balancedEmbedding } from "../balanced-embedding.ts";
import { batchedEmbedder } from "../batched-embedder.ts";
import type { Embedder } from "../embedder.ts";
import type { EmbeddingModel } from "../embedding-model.ts";
import type { PoolMember, PoolSettings } from "../member-pool.ts";
import { azureOpenAiEmbedding } from "./azure-openai.ts";
import { connectionModel } from "./connection.ts";
import { EMBEDDER_PROVIDERS, type EmbedderEntry, type EmbedderSettings, unknownProvider } from "./kind.ts";
import { openAiEmbedding } from "./openai.ts";

export interface OpenEmbedderOptions {
  signal?: AbortSignal;
  /** How regions are pooled. */
  pool?: PoolSettings | undefined;
  log?: Logger | undefined;
}

/**
 * Opens an embedder. When neither `dimensions` nor the model's name tells the size of its vectors, the server is asked.
 * @throws FlowsteadError `InvalidConfig`, or why the server did not answer.
 */
export async function openEmbedder(
  { regions, ...entry }: EmbedderSettings,
  { signal = NEVER, pool, log }: OpenEmbedderOptions = {},
): Promise<Embedder> {
  if (!regions) return batchedEmbedder(openEntry(entry), { signal, isPool: false });
  mustAgree(regions, {
    where: "embedder: its regions",
    what: "residency",
    of: ({ residency }) => residency ?? "",
    advice: "Give one `residency` for all of them.",
  });
  const [first, ...others] = regions;
  const isPool = others.length > 0;
  // With another region at hand, one that hangs is not worth the patience that the only one gets.
  const memberOf = ({ answerMs = isPool ? REGION_ANSWER_MS : undefined, ...region }: EmbedderEntry): Member => ({
    model: openEntry({ ...region, answerMs }),
    priority: region.priority,
    weight: region.weight,
    region: region.region,
  });
  const members = [memberOf(first), ...others.map(memberOf)] as const;
  const models = members.map(({ model }) => model);
  mustAgree(models, {
    where: "embedder: its regions",
    what: "serves",
    of: ({ name }) => name,
    advice: "Vectors of two models do not compare: name the same `model`, or one `serves` when they are one model.",
  });
  mustAgree(models, {
    where: "embedder: its regions",
    what: "dimensions",
    of: ({ dimensions }) => dimensions,
    advice: "Name the same `dimensions`: the vectors stand in one index.",
  });
  const model = balancedEmbedding([...members], { log, ...pool, health: isPool ? pool?.health : undefined });
  return batchedEmbedder(model, { signal, isPool });
}

type Member = PoolMember<EmbeddingModel>;

const REGION_ANSWER_MS = 10_000;

function openEntry(entry: EmbedderEntry): EmbeddingModel {
  switch (entry.provider) {
    case "openai":
      return openAiEmbedding(entry);
    case "azure-openai":
      return azureOpenAiEmbedding(entry);
    default:
      return unknownProvider(entry, EMBEDDER_PROVIDERS);
  }
}

/**
 * The embedder behind one of the original's connections, for who calls it by way of the gateway: its vectors are passed on as
 * they are. @throws FlowsteadError `InvalidConnectionType`.
 */
export async function openConnectionEmbedder(
  connection: Connection,
  model: string,
  dimensions?: number,
): Promise<Embedder> {
  const settings = connectionModel(connection);
  const passedOn = { signal: NEVER, isPool: false, asGiven: true };
  if (settings.provider === "azure-openai") {
    return batchedEmbedder(azureOpenAiEmbedding({ ...settings, deployment: model, dimensions }), passedOn);
  }
  if (settings.provider === "openai")
    return batchedEmbedder(openAiEmbedding({ ...settings, model, dimensions }), passedOn);
  throw new FlowsteadError("InvalidConnectionType", `Connection "${connection.name}" has no embeddings.`);
}

/** What callers of the gateway may name an embedder by: its model and deployments, also where only its regions name them. */
export function embedderNames(entry: Readonly<Record<string, unknown>>): string[] {
  const { regions } = entry;
  const places = [entry, ...(Array.isArray(regions) ? (regions as Record<string, unknown>[]) : [])];
  const named = [...places.map(({ model }) => model), ...places.map(({ deployment }) => deployment)];
  const names = [...new Set(named.filter((name) => typeof name === "string" && name !== ""))] as string[];
  return names.length > 0 ? names : ["embedding"];
}

/** The one of its names that stands in limits and accounts. */
export function embedderName(entry: Readonly<Record<string, unknown>>): string {
  return embedderNames(entry)[0] ?? "embedding";
}

const NEVER = new AbortController().signal;
