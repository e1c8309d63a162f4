import { FlowsteadError } from "../base/error/error.ts";
import type { ModelEntry } from "./schema.ts";

/** The variables of the process, passed on by the one who may read them. */
export type Environment = Readonly<Record<string, string | undefined>>;

const COMMON = { name: "default", priority: 0, weight: 1 };

/** The model that the field's usual variables describe; the built-in extractive one when there are none. */
export function modelsFromEnvironment(env: Environment): ModelEntry[] {
  if (env.AZURE_OPENAI_ENDPOINT || env.AZURE_OPENAI_API_KEY) return [azure(env)];
  if (env.OPENAI_API_KEY || env.OPENAI_BASE_URL) {
    return [
      {
        ...COMMON,
        provider: "openai",
        base_url: env.OPENAI_BASE_URL || undefined,
        api_key: env.OPENAI_API_KEY || undefined,
        model: env.OPENAI_MODEL || undefined,
        organization: env.OPENAI_ORG_ID || undefined,
      },
    ];
  }
  return [{ ...COMMON, provider: "extractive" }];
}

function azure(env: Environment): ModelEntry {
  const missing = ["AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_DEPLOYMENT"].filter(
    (name) => !env[name],
  );
  if (missing.length > 0) {
    throw new FlowsteadError(
      "InvalidConfig",
      `Azure OpenAI needs ${missing.join(" and ")} too. Set it, or unset the other AZURE_OPENAI variables.`,
    );
  }
  return {
    ...COMMON,
    provider: "azure-openai",
    endpoint: env.AZURE_OPENAI_ENDPOINT,
    api_key: env.AZURE_OPENAI_API_KEY,
    deployment: env.AZURE_OPENAI_DEPLOYMENT,
    api_version: env.OPENAI_API_VERSION || env.AZURE_OPENAI_API_VERSION || undefined,
  };
}
