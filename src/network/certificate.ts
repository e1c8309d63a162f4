// A certificate and its private key as files hold them: checked before a server takes them, since OpenSSL's own words name
// neither the file nor what to do.

import { X509Certificate, createPrivateKey } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import { FlowsteadError } from "../base/error/error.ts";

/** Whatever is told of it, the key is not: only `cert` may be shown. */
export interface CertificatePair {
  /** PEM: the server's certificate, then those between it and the authority. */
  cert: string;
  /** PEM, without a passphrase. */
  key: string;
}

/** How a server takes part in TLS; clients from before 2008 are refused. */
export const TLS_FLOOR = { minVersion: "TLSv1.2" } as const;

/** @param files as the person who reads the message knows them. @throws FlowsteadError `InvalidConfig`. */
export function checkCertificate(pair: CertificatePair, files: { cert: string; key: string }): void {
  const certificate = readCertificate(pair.cert, files.cert);
  const key = readKey(pair.key, files.key);
  if (!certificate.checkPrivateKey(key)) {
    throw invalid(`The key in ${files.key} is not that of the first certificate in ${files.cert}.`);
  }
  if (Date.parse(certificate.validTo) < Date.now()) {
    throw invalid(`The certificate in ${files.cert} ended on ${certificate.validTo}. Renew it.`);
  }
  if (!certificate.subjectAltName) {
    throw invalid(
      `The certificate in ${files.cert} names no host: no client accepts one without subjectAltName. Make one with DNS:localhost,IP:127.0.0.1 or your host's name.`,
    );
  }
  try {
    createSecureContext({ ...pair, ...TLS_FLOOR });
  } catch (cause) {
    throw invalid(`The certificates in ${files.cert} cannot be used: ${(cause as Error).message}.`, cause);
  }
}

/**
 * What a client of ours needs to accept this one certificate and no other, whoever issued it and whatever name it is
 * reached by.
 */
export function pinned(certificate: string): {
  ca: string;
  allowPartialTrustChain: boolean;
  checkServerIdentity: (host: string, peer: { fingerprint256: string }) => Error | undefined;
} {
  const { fingerprint256, raw } = new X509Certificate(certificate);
  const leaf = `-----BEGIN CERTIFICATE-----\n${raw.toString("base64")}\n-----END CERTIFICATE-----\n`;
  return {
    ca: leaf,
    // It is trusted itself; its issuer, which may be anybody's authority, is not.
    allowPartialTrustChain: true,
    checkServerIdentity: (_host, peer) =>
      peer.fingerprint256 === fingerprint256 ? undefined : new Error("the server shows another certificate"),
  };
}

/** Whether the first certificate is for a host name, or for an address without brackets. */
export function namesHost(certificate: string, name: string): boolean {
  const leaf = new X509Certificate(certificate);
  const address = name.replace(/^\[|\]$/g, "");
  const found = isIP(address) === 0 ? leaf.checkHost(name, { subject: "never" }) : leaf.checkIP(address);
  return found !== undefined;
}

function readCertificate(text: string, file: string): X509Certificate {
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    throw invalid(`${file} holds no certificate as PEM ("-----BEGIN CERTIFICATE-----").`);
  }
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw invalid(`The certificate in ${file} cannot be read.`, cause);
  }
}

function readKey(text: string, file: string): ReturnType<typeof createPrivateKey> {
  if (!/-----BEGIN (?:\w+ )*PRIVATE KEY-----/.test(text)) {
    throw invalid(`${file} holds no private key as PEM ("-----BEGIN PRIVATE KEY-----").`);
  }
  if (/ENCRYPTED/.test(text)) {
    throw invalid(
      `The private key in ${file} has a passphrase. Write it without one, in a file that only you may read.`,
    );
  }
  try {
    return createPrivateKey(text);
  } catch {
    // The cause might quote the key.
    throw invalid(`The private key in ${file} cannot be read.`);
  }
}

function invalid(message: string, cause?: unknown): FlowsteadError {
  return new FlowsteadError("InvalidConfig", message, cause === undefined ? {} : { cause });
}
