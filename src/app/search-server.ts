import type { Config } from "../config/schema.ts";
import type { ProviderSettings } from "../search/provider/index.ts";

/** Where indexes are kept, as configured; tokens of an identity come from where those of models come from. */
export function searchServer({ search }: Readonly<Config>): ProviderSettings {
  const { auth, ...settings } = search;
  if (auth === undefined) return settings;
  let tokens: Promise<(signal: AbortSignal) => Promise<string>> | undefined;
  const token = async (signal: AbortSignal): Promise<string> => {
    // Most installations need none, and commands are to start fast.
    tokens ??= import("../model/provider/index.ts").then(({ azureTokens }) =>
      azureTokens(auth, { resource: "https://search.azure.com", where: "search.auth" }),
    );
    return (await tokens)(signal);
  };
  return { ...settings, token };
}
