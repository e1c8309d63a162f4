// Tokens of an endpoint with auth_mode aml_token: they end after an hour, and callers fetch a new one before that.

import { SignJWT, jwtVerify } from "jose";

/** What `get-credentials` shows; times are seconds since the epoch, as in the original. */
export interface Issued {
  accessToken: string;
  expiryTimeUtc: number;
  /** From here on a new one should be fetched; the old one goes on working until it expires. */
  refreshAfterTimeUtc: number;
  tokenType: "Bearer";
}

const LIFETIME_SECONDS = 3600;
const REFRESH_AFTER_SECONDS = 2700;
const ISSUER = "flowstead";

export async function issueToken(endpoint: string, secret: string, now = Date.now()): Promise<Issued> {
  const issuedAt = Math.floor(now / 1000);
  const accessToken = await new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(ISSUER)
    .setAudience(endpoint)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LIFETIME_SECONDS)
    .sign(Buffer.from(secret));
  return {
    accessToken,
    expiryTimeUtc: issuedAt + LIFETIME_SECONDS,
    refreshAfterTimeUtc: issuedAt + REFRESH_AFTER_SECONDS,
    tokenType: "Bearer",
  };
}

/** Whether the token is one of this endpoint's and has not ended. */
export async function isIssued(token: string, endpoint: string, secret: string): Promise<boolean> {
  try {
    await jwtVerify(token, Buffer.from(secret), { issuer: ISSUER, audience: endpoint, algorithms: ["HS256"] });
    return true;
  } catch {
    return false;
  }
}
