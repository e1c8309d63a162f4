// A real OpenID Connect provider on loopback, whose clients get tokens with their own credentials.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type JWK, exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

export const AUDIENCE = "https://ml.azure.com";

export interface TestProvider {
  readonly issuer: string;
  /** A new token for the client `caller` or `operator`. */
  tokenFor(client: string, scope?: string): Promise<string>;
  /** Turns keys as providers do: the first one given signs, all are published. */
  use(...keys: string[]): Promise<void>;
  close(): void;
}

/** It signs with the key `one`. The provider has to know its own address, which only a listening server has. */
export async function startProvider(): Promise<TestProvider> {
  let answer: ReturnType<Provider["callback"]> | undefined;
  const server = createServer((request, response) => void answer?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const made = new Map<string, JWK>();

  async function keyOf(kid: string): Promise<JWK> {
    const known = made.get(kid);
    if (known) return known;
    const { privateKey } = await generateKeyPair("RS256", { extractable: true });
    const key = { ...(await exportJWK(privateKey)), kid, alg: "RS256", use: "sig" };
    made.set(kid, key);
    return key;
  }

  async function use(...kids: string[]): Promise<void> {
    const keys = await Promise.all(kids.map(keyOf));
    answer = new Provider(issuer, configuration(keys)).callback();
  }

  await use("one");
  return {
    issuer,
    use,
    async tokenFor(id, scope) {
      const response = await fetch(`${issuer}/token`, {
        method: "POST",
        headers: { authorization: `Basic ${Buffer.from(`${id}:a-secret-of-a-client`).toString("base64")}` },
        body: new URLSearchParams({ grant_type: "client_credentials", ...(scope ? { scope } : {}) }),
      });
      const body = (await response.json()) as { access_token?: string };
      assert.ok(body.access_token, JSON.stringify(body));
      return body.access_token;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function configuration(keys: JWK[]): object {
  const client = (client_id: string): object => ({
    client_id,
    client_secret: "a-secret-of-a-client",
    grant_types: ["client_credentials"],
    response_types: [],
    redirect_uris: [],
  });
  return {
    jwks: { keys },
    clients: [client("caller"), client("operator")],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        getResourceServerInfo: () => ({
          scope: "score read",
          audience: AUDIENCE,
          accessTokenTTL: 600,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
    scopes: ["score", "read"],
  };
}
