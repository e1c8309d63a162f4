// Bearer tokens of OpenID Connect providers, Microsoft Entra ID among them: signature by the provider's published keys, issuer,
// audience, time, and then whether this caller is granted anything. A valid token alone grants nothing.

import { type JWTPayload, type JWTVerifyGetKey, createRemoteJWKSet, decodeJwt, errors, jwtVerify } from "jose";
import { FlowsteadError } from "../base/error/error.ts";
import { isLoopback } from "../network/address.ts";

/** One provider whose tokens count. */
export interface TrustedIssuer {
  /** As in the tokens' `iss`. */
  issuer: string;
  /** One of these has to be in `aud`. */
  audiences: readonly string[];
  /** Where the keys are; asked from the issuer's discovery document when absent. */
  jwksUri?: string;
  /** One of these grants in `scp` or `scope`. */
  scopes: readonly string[];
  /** One of these grants in `roles` or `groups`. */
  roles: readonly string[];
  /** One of these grants as `sub`, `oid`, `appid` or `azp`. */
  subjects: readonly string[];
}

export interface BearerIdentity {
  issuer: string;
  subject: string;
  /** Its `sub` and `oid`. */
  ids: readonly string[];
  /** Its `appid` and `azp`: the program that calls. */
  clients: readonly string[];
  scopes: readonly string[];
  roles: readonly string[];
}

export interface BearerOptions {
  issuers: readonly TrustedIssuer[];
  /** By how much clocks may differ. Default 60. */
  clockSkewSeconds?: number;
  /** How soon keys may be asked for again when a token names one that is not known. Default 10 000. */
  keyCooldownMs?: number;
}

/** Algorithms with public keys only: a shared secret or none at all must not pass. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const TIMEOUT_MS = 5_000;

/** @returns a check. It throws FlowsteadError `Unauthorized` for a token that proves nothing, `Forbidden` for one that grants nothing, `IdentityUnavailable` when the provider's keys cannot be had. */
export function bearerCheck(options: BearerOptions): (token: string) => Promise<BearerIdentity> {
  const { issuers, clockSkewSeconds = 60, keyCooldownMs = 10_000 } = options;
  const keys = new Map<string, Promise<JWTVerifyGetKey>>();
  const keysOf = (trusted: TrustedIssuer): Promise<JWTVerifyGetKey> => {
    let found = keys.get(trusted.issuer);
    if (!found) {
      found = openKeys(trusted, keyCooldownMs);
      keys.set(trusted.issuer, found);
      // A provider that was away at the first call is asked again by the next.
      found.catch(() => keys.delete(trusted.issuer));
    }
    return found;
  };

  return async (token) => {
    const trusted = issuers.find(({ issuer }) => issuer === issuerIn(token));
    if (!trusted) throw refused("it comes from an issuer that is not trusted here");
    const payload = await verify(token, trusted, { keys: await keysOf(trusted), clockSkewSeconds });
    const identity = identityOf(payload, trusted);
    if (!isGranted(identity, trusted)) {
      throw new FlowsteadError(
        "Forbidden",
        `The token of ${identity.subject} is valid, but grants no call: it has none of the scopes, roles and subjects that are configured for ${trusted.issuer}.`,
      );
    }
    return identity;
  };
}

async function verify(
  token: string,
  trusted: TrustedIssuer,
  { keys, clockSkewSeconds }: { keys: JWTVerifyGetKey; clockSkewSeconds: number },
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: trusted.issuer,
      audience: [...trusted.audiences],
      algorithms: ALGORITHMS,
      clockTolerance: clockSkewSeconds,
      // A token without an end could be used for ever by whoever finds it.
      requiredClaims: ["exp"],
    });
    return payload;
  } catch (thrown) {
    if (thrown instanceof errors.JWTExpired) throw refused("it has expired");
    if (thrown instanceof errors.JWTClaimValidationFailed) throw refused(`its ${thrown.claim} is not accepted`);
    if (thrown instanceof errors.JWKSNoMatchingKey) throw refused("the issuer has no key like the one that signed it");
    if (isOfProvider(thrown)) throw unavailable(trusted, thrown);
    throw refused("its signature is not valid");
  }
}

/** Keys that do not come, or are none: the general code is for answers other than 200 and for what is no JSON. */
function isOfProvider(thrown: unknown): boolean {
  if (thrown instanceof errors.JWKSTimeout || thrown instanceof errors.JWKSInvalid) return true;
  return !(thrown instanceof errors.JOSEError) || thrown.code === errors.JOSEError.code;
}

async function openKeys(trusted: TrustedIssuer, cooldownDuration: number): Promise<JWTVerifyGetKey> {
  const address = secure(trusted.jwksUri ?? (await discover(trusted)), trusted);
  return createRemoteJWKSet(address, { cooldownDuration, timeoutDuration: TIMEOUT_MS });
}

async function discover(trusted: TrustedIssuer): Promise<string> {
  const url = secure(`${trusted.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, trusted);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "error" });
    const found = (await response.json()) as { jwks_uri?: unknown };
    if (response.ok && typeof found.jwks_uri === "string") return found.jwks_uri;
  } catch (cause) {
    throw unavailable(trusted, cause);
  }
  throw unavailable(trusted);
}

/** Keys that come over plain HTTP could be anybody's, except from this machine. */
function secure(address: string, { issuer }: TrustedIssuer): URL {
  const url = new URL(address);
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname))) return url;
  throw new FlowsteadError("InvalidConfig", `The keys of ${issuer} lie at ${address}, which is not https.`);
}

function issuerIn(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    throw refused("it is not a JSON Web Token");
  }
}

function identityOf(payload: JWTPayload, { issuer }: TrustedIssuer): BearerIdentity {
  return {
    issuer,
    subject: text(payload.sub) ?? text(payload["oid"]) ?? text(payload["appid"]) ?? "an unnamed caller",
    ids: texts(payload["sub"], payload["oid"]),
    clients: texts(payload["appid"], payload["azp"]),
    scopes: words(payload["scp"] ?? payload["scope"]),
    roles: [...words(payload["roles"]), ...words(payload["groups"])],
  };
}

function isGranted({ ids, clients, scopes, roles }: BearerIdentity, trusted: TrustedIssuer): boolean {
  return (
    scopes.some((scope) => trusted.scopes.includes(scope)) ||
    roles.some((role) => trusted.roles.includes(role)) ||
    [...ids, ...clients].some((name) => trusted.subjects.includes(name))
  );
}

function text(claim: unknown): string | undefined {
  return typeof claim === "string" ? claim : undefined;
}

function texts(...claims: unknown[]): string[] {
  return claims.map(text).filter((claim) => claim !== undefined);
}

function words(claim: unknown): string[] {
  if (typeof claim === "string") return claim.split(" ").filter(Boolean);
  return Array.isArray(claim) ? claim.filter((word) => typeof word === "string") : [];
}

function refused(why: string): FlowsteadError {
  return new FlowsteadError("Unauthorized", `The token is not accepted: ${why}.`);
}

function unavailable({ issuer }: TrustedIssuer, cause?: unknown): FlowsteadError {
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new FlowsteadError("IdentityUnavailable", `The keys of ${issuer} cannot be had${why}.`, { cause });
}
