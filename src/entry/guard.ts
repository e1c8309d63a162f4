// What every request passes before anything looks at it. The system listens on loopback without sign-in, so the browser is
// the way in for an attacker: another site must not be able to call it, under its own name or under one that it lets point here.

import { FlowsteadError } from "../base/error/error.ts";
import { hostOf, isLoopback } from "../network/address.ts";
import { namesHost } from "../network/certificate.ts";
import type { ServedRequest } from "../network/served-exchange.ts";
import type { ServedCertificate } from "./secure-server.ts";

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

export interface OriginGuardOptions {
  /** Names by which callers reach it, beside this machine's own and the certificate's. */
  hosts?: readonly string[];
  certificate?: ServedCertificate | undefined;
}

/**
 * A check that throws FlowsteadError `Forbidden` for a foreign Host, or for a foreign Origin on a request that changes
 * something, and `InvalidRequest` for one that servers on the way may have read in another way.
 */
export function originGuard({ hosts = [], certificate }: OriginGuardOptions = {}): (request: ServedRequest) => void {
  const names = new Set(hosts.map((name) => name.toLowerCase()));
  /** Nearly every request names the same host. */
  let lastGood: string | undefined;
  certificate?.onChange(() => (lastGood = undefined));
  const isOurs = (name: string): boolean =>
    isLoopback(name) || names.has(name) || (certificate !== undefined && namesHost(certificate.pair.cert, name));

  return ({ method, httpVersion, rawHeaders, headers: { host = "", origin, "transfer-encoding": coding } }) => {
    if (coding !== undefined) checkCoding(coding, httpVersion);
    checkOneHost(rawHeaders);
    if (host !== lastGood) checkHost(host, isOurs);
    lastGood = host;
    if (origin === undefined || SAFE_METHODS.has(method ?? "")) return;
    if (!URL.canParse(origin) || new URL(origin).host !== host) {
      throw new FlowsteadError("Forbidden", `Requests from the origin ${origin} are not accepted.`);
    }
  };
}

/** Only bodies in plain chunks are read; another server in front may read any other form in another way. */
function checkCoding(coding: string, httpVersion: string): void {
  if (httpVersion === "1.1" && coding.toLowerCase() === "chunked") return;
  throw new FlowsteadError("InvalidRequest", `A body with transfer-encoding "${coding}" is not read here.`);
}

/** Of several, each server on the way may believe another one. */
function checkOneHost(rawHeaders: readonly string[]): void {
  let found = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === 4 && name.toLowerCase() === "host") found++;
  }
  if (found > 1) throw new FlowsteadError("InvalidRequest", "The request names several hosts.");
}

function checkHost(host: string, isOurs: (name: string) => boolean): void {
  const name = hostOf(host);
  if (name !== "" && isOurs(name)) return;
  throw new FlowsteadError(
    "Forbidden",
    `This server does not answer to the name "${name}". Open it as 127.0.0.1 or localhost, or put the name under \`hosts\` in flowstead.yaml.`,
  );
}

/** For every answer that a browser may show. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types flowstead dompurify default",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};
