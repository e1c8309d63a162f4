// Who a connection with `auth_mode: meid_token` is, as the original's DefaultAzureCredential finds it in the environment.

import type { Connection, ConnectionIdentity } from "./connection.ts";
import type { Environment } from "./environment.ts";

/** The connection with what proves who calls, where it says that there is no key. */
export function withIdentity(connection: Connection, env: Environment): Connection {
  const isByToken = connection.type === "AzureOpenAIConnection" && connection.configs["auth_mode"] === "meid_token";
  return isByToken ? { ...connection, secrets: {}, identity: environmentIdentity(env) } : connection;
}

/** A client's secret, else a federated token's file, else the managed identity of the machine or App Service. */
export function environmentIdentity(env: Environment): ConnectionIdentity {
  const { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_AUTHORITY_HOST: authority } = env;
  const { AZURE_CLIENT_SECRET: clientSecret, AZURE_FEDERATED_TOKEN_FILE: tokenFile } = env;
  if (tenantId && clientId) {
    const client = { tenantId, clientId, ...(authority ? { authority } : {}) };
    if (clientSecret) return { type: "client_secret", ...client, clientSecret };
    if (tokenFile) return { type: "workload_identity", ...client, tokenFile };
  }
  return {
    type: "managed_identity",
    ...(clientId ? { clientId } : {}),
    ...(env.IDENTITY_ENDPOINT ? { endpoint: env.IDENTITY_ENDPOINT } : {}),
    ...(env.IDENTITY_HEADER ? { header: env.IDENTITY_HEADER } : {}),
  };
}
