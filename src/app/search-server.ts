import type { Config } from "../config/schema.ts";
import type { ProviderSettings } from "../search/provider/index.ts";
import { azureToken } from "./azure-token.ts";

/** Where indexes are kept, as configured; tokens of an identity come from where those of models come from. */
export function searchServer({ search }: Readonly<Config>): ProviderSettings {
  const { auth, ...settings } = search;
  if (auth === undefined) return settings;
  const about = { resource: "https://search.azure.com", where: "search.auth", failure: "SearchFailed" } as const;
  return { ...settings, token: azureToken(auth, about) };
}
