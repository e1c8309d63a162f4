import { FlowsteadError } from "../base/error/error.ts";
import type { Config, ModelEntry } from "./schema.ts";

/** The variables of the process, passed on by the one who may read them. */
export type Environment = Readonly<Record<string, string | undefined>>;

const COMMON = { name: "default", priority: 0, weight: 1 };

/**
 * The model that the field's usual variables describe; the built-in extractive one when there are none.
 * @throws FlowsteadError `InvalidConfig` for variables that describe half of one, where that must not be passed over.
 */
export function modelsFromEnvironment(
  env: Environment,
  given: { halfIsFine?: boolean | undefined } = {},
): ModelEntry[] {
  const missing = AZURE.filter((name) => !env[name]);
  const isAzure = Boolean(env.AZURE_OPENAI_ENDPOINT || env.AZURE_OPENAI_API_KEY);
  if (isAzure && (missing.length === 0 || !given.halfIsFine)) return [azure(env, missing)];
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

const AZURE = ["AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_DEPLOYMENT"];

function azure(env: Environment, missing: readonly string[]): ModelEntry {
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

type Stores = Pick<Config["documents"], "s3" | "azure_blob">;

/** How stores of documents are reached: what the file does not say, the usual variables do. */
export function storesFromEnvironment({ s3, azure_blob: blob }: Stores, env: Environment): Stores {
  const or = (given: string | undefined, ...names: string[]): string | undefined =>
    given ?? names.map((name) => env[name]).find(Boolean);
  // A key of the file is not mixed with half of another one.
  const hasKey = s3.access_key_id !== undefined;
  const hasProof = [blob.account_key, blob.sas_token, blob.access_token, blob.connection_string, blob.auth].some(
    Boolean,
  );
  return {
    s3: {
      access_key_id: or(s3.access_key_id, "AWS_ACCESS_KEY_ID"),
      secret_access_key: or(s3.secret_access_key, "AWS_SECRET_ACCESS_KEY"),
      session_token: hasKey ? s3.session_token : or(s3.session_token, "AWS_SESSION_TOKEN"),
      region: or(s3.region, "AWS_REGION", "AWS_DEFAULT_REGION"),
      endpoint: or(s3.endpoint, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    },
    azure_blob: {
      ...blob,
      account: or(blob.account, "AZURE_STORAGE_ACCOUNT"),
      ...(hasProof
        ? {}
        : {
            account_key: or(undefined, "AZURE_STORAGE_KEY"),
            sas_token: or(undefined, "AZURE_STORAGE_SAS_TOKEN"),
            access_token: or(undefined, "AZURE_STORAGE_ACCESS_TOKEN"),
            connection_string: or(undefined, "AZURE_STORAGE_CONNECTION_STRING"),
          }),
    },
  };
}
