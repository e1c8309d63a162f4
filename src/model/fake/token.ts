// Entra's token endpoint and the metadata service of Azure's machines, as far as programs ask them for tokens.

import type { IncomingMessage, ServerResponse } from "node:http";
import { secretToken } from "../../base/id.ts";
import type { FakeScript } from "./script.ts";
import { sendJson } from "./send.ts";

/** Tokens that were given out, with the time of their end. */
export class IssuedTokens {
  readonly #ends = new Map<string, number>();

  accepts(token: string): boolean {
    return (this.#ends.get(token) ?? 0) > Date.now();
  }

  answer(
    request: IncomingMessage,
    response: ServerResponse,
    { body, script }: { body: unknown; script: FakeScript },
  ): "complete" {
    const { lifeSeconds = 3600, secret } = script.tokens ?? {};
    const form = new URLSearchParams(typeof body === "string" ? body : "");
    const proof = form.get("client_secret") ?? form.get("client_assertion");
    const isMetadata = request.method === "GET";
    const isProven = isMetadata
      ? request.headers.metadata === "true" || (secret !== undefined && request.headers["x-identity-header"] === secret)
      : proof !== null && (secret === undefined || proof === secret);
    if (!isProven) {
      const error_description = "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 0";
      return sendJson(response, isMetadata ? 400 : 401, { error: "invalid_client", error_description });
    }
    const access_token = `fake-token-${secretToken()}`;
    this.#ends.set(access_token, Date.now() + lifeSeconds * 1000);
    const expires_on = String(Math.floor(Date.now() / 1000) + lifeSeconds);
    // App Service tells only when it ends, a machine's metadata service also how long it lives.
    const isAppService = request.headers["x-identity-header"] !== undefined;
    const life = isMetadata ? { expires_on, ...(isAppService ? {} : { expires_in: String(lifeSeconds) }) } : undefined;
    return sendJson(response, 200, {
      token_type: "Bearer",
      access_token,
      ...(life ?? { expires_in: lifeSeconds }),
    });
  }
}
