// Models and embedders as configuration files write them.

import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { type EntraSettings, type TokenSource, entraToken } from "./azure-openai/entra-token.ts";
import {
  EMBEDDER_PROVIDERS,
  type EmbedderEntry,
  type EmbedderSettings,
  MODEL_PROVIDERS,
  type ModelSettings,
} from "./kind.ts";

const url = z.url({ protocol: /^https?$/, error: "must be an http or https URL" });
const seconds = z.number().positive().optional();

const place = {
  name: z.string().optional(),
  region: z.string().optional(),
  priority: z.number().optional(),
  weight: z.number().optional(),
  serves: z.string().min(1).optional(),
  residency: z.string().min(1).optional(),
  first_token_seconds: seconds,
  idle_seconds: seconds,
};
const openAi = {
  base_url: url.optional(),
  api_key: z.string().optional(),
  model: z.string().optional(),
  organization: z.string().optional(),
};
const entra = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("client_secret"),
    tenant_id: z.string().min(1),
    client_id: z.string().min(1),
    client_secret: z.string().min(1),
    authority: url.optional(),
  }),
  z.strictObject({
    type: z.literal("managed_identity"),
    client_id: z.string().optional(),
    endpoint: url.optional(),
    header: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal("workload_identity"),
    tenant_id: z.string().min(1),
    client_id: z.string().min(1),
    token_file: z.string().min(1),
    authority: url.optional(),
  }),
]);
const azure = {
  endpoint: url,
  api_key: z.string().optional(),
  auth: entra.optional(),
  deployment: z.string().min(1),
  api_version: z.string().optional(),
};

const modelEntry = z.discriminatedUnion("provider", [
  z.strictObject({ provider: z.literal("openai"), ...place, ...openAi }),
  z.strictObject({ provider: z.literal("azure-openai"), ...place, ...azure }),
  z.strictObject({
    provider: z.literal("anthropic"),
    ...place,
    base_url: url.optional(),
    api_key: z.string().optional(),
    model: z.string().optional(),
    max_tokens: z.int().positive().optional(),
  }),
  z.strictObject({ provider: z.literal("extractive"), ...place }),
]);

const embedderPlace = {
  region: place.region,
  priority: place.priority,
  weight: place.weight,
  serves: place.serves,
  residency: place.residency,
  dimensions: z.int().positive().optional(),
  answer_seconds: seconds,
};
const embedderEntry = z.discriminatedUnion("provider", [
  z.strictObject({ provider: z.literal("openai"), ...embedderPlace, ...openAi }),
  z.strictObject({ provider: z.literal("azure-openai"), ...embedderPlace, ...azure, model: z.string().optional() }),
]);

/** @throws FlowsteadError `InvalidConfig` that names the key. */
export function modelSettings(entry: Readonly<Record<string, unknown>>, at?: number): ModelSettings {
  const where = at === undefined ? "models" : `models[${at}]`;
  return camel(parse(modelEntry, entry, { where, providers: MODEL_PROVIDERS })) as unknown as ModelSettings;
}

/** Each of `regions` is an entry of its own, over what stands beside them. @throws FlowsteadError `InvalidConfig` that names the key. */
export function embedderSettings(entry: Readonly<Record<string, unknown>>): EmbedderSettings {
  const { regions, ...shared } = entry;
  if (!Array.isArray(regions)) return embedderEntryOf(shared, "embedder");
  const [first, ...others] = regions.map((region: Record<string, unknown>, at) =>
    embedderEntryOf({ ...(isOf(shared, region) ? shared : common(shared)), ...region }, `embedder.regions[${at}]`),
  );
  if (!first) throw new FlowsteadError("InvalidConfig", "embedder.regions: must name at least one region.");
  return { ...first, regions: [first, ...others] };
}

function isOf({ provider }: Record<string, unknown>, region: Record<string, unknown>): boolean {
  return region.provider === undefined || region.provider === provider;
}

/** What a region at another provider still shares. */
function common(shared: Record<string, unknown>): Record<string, unknown> {
  const { dimensions, serves, residency, model, answer_seconds } = shared;
  return { dimensions, serves, residency, model, answer_seconds };
}

function embedderEntryOf(entry: Readonly<Record<string, unknown>>, where: string): EmbedderEntry {
  return camel(parse(embedderEntry, entry, { where, providers: EMBEDDER_PROVIDERS })) as unknown as EmbedderEntry;
}

function parse<T>(
  schema: z.ZodType<T>,
  entry: Readonly<Record<string, unknown>>,
  { where, providers }: { where: string; providers: readonly string[] },
): T {
  const given = Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const { provider } = given;
  if (typeof provider !== "string" || !providers.includes(provider)) {
    throw new FlowsteadError(
      "InvalidConfig",
      `${where}: there is no provider "${String(provider)}". Use one of: ${providers.join(", ")}.`,
    );
  }
  const issues = parsed.error.issues.map(
    (issue) => `${where} (${provider}): ${issue.path.join(".") || "entry"}: ${issue.message}`,
  );
  throw new FlowsteadError("InvalidConfig", issues.join("\n"));
}

/** An identity's tokens for an Azure service, by the settings that stand under `auth`. @throws `InvalidConfig`. */
export function azureTokens(auth: unknown, { resource, where }: { resource: string; where: string }): TokenSource {
  const parsed = entra.safeParse(auth);
  if (parsed.success) return entraToken(camel(parsed.data) as EntraSettings, Date.now, resource);
  const issues = parsed.error.issues.map((issue) => `${where}: ${issue.path.join(".") || "entry"}: ${issue.message}`);
  throw new FlowsteadError("InvalidConfig", issues.join("\n"));
}

/** `api_key` is `apiKey`, and `idle_seconds` is `idleMs`; in `auth` too. */
function camel(entry: object): Record<string, unknown> {
  const named: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(entry)) {
    const isTime = key.endsWith("_seconds");
    const name = isTime ? key.replace(/_seconds$/, "_ms") : key;
    named[name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())] = isTime
      ? Number(value) * 1000
      : typeof value === "object" && value !== null
        ? camel(value)
        : value;
  }
  return named;
}
