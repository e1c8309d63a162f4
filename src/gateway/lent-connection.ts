// A connection as a flow's own code sees it: for models, the gateway's address and a token instead of the provider's.

import type { Connection } from "../connection/connection.ts";

export interface GatewayAccess {
  /** Such as http://127.0.0.1:4321. */
  url: string;
  token: string;
}

const LENT = new Set(["AzureOpenAIConnection", "OpenAIConnection", "ServerlessConnection"]);

/** Whether a connection is one of those to models, which the gateway stands for. */
export function isLent({ type }: Connection): boolean {
  return LENT.has(type);
}

/** Connections of models lose their address and key; other kinds are handed on, since only their holder can use them. */
export function lentConnection(connection: Connection, { url, token }: GatewayAccess): Connection {
  const { name, type, configs } = connection;
  const base = `${url}/connections/${encodeURIComponent(name)}`;
  const secrets = { api_key: token };
  switch (type) {
    case "AzureOpenAIConnection":
      // The token takes the place of a key, whatever the provider is shown.
      return {
        name,
        type,
        configs: { ...without(configs, "resource_id"), api_base: base, auth_mode: "key" },
        secrets,
      };
    case "OpenAIConnection":
      return { ...connection, configs: { ...without(configs, "organization"), base_url: `${base}/v1` }, secrets };
    case "ServerlessConnection":
      return { ...connection, configs: { ...configs, api_base: base }, secrets };
    default:
      return connection;
  }
}

function without(configs: Connection["configs"], ...names: string[]): Connection["configs"] {
  return Object.fromEntries(Object.entries(configs).filter(([name]) => !names.includes(name)));
}
