import type { Config } from "../config/schema.ts";
import { bearerCheck } from "../identity/bearer.ts";
import type { Viewer } from "../search/document/permission.ts";

/** Who a token beside a search names, by the issuers that are trusted; undefined when none is. */
export function searchViewer({ identity }: Readonly<Config>): ((token: string) => Promise<Viewer>) | undefined {
  const { issuers, clock_skew_seconds: clockSkewSeconds } = identity;
  if (issuers.length === 0) return undefined;
  const trusted = issuers.map(({ jwks_uri: jwksUri, ...issuer }) => ({ ...issuer, ...(jwksUri ? { jwksUri } : {}) }));
  const check = bearerCheck({ issuers: trusted, clockSkewSeconds });
  return async (token) => {
    const { subject, roles } = await check(token);
    return { ids: [subject], groups: roles };
  };
}
