// An authority of a test's own, and the certificates it signs.

import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

export interface TestAuthority {
  /** PEM, for those who are to trust it. */
  readonly cert: string;
  /** A new certificate and key for this machine's names; its serial number is `serial`. */
  issue(options: IssueOptions): Promise<{ cert: string; key: string }>;
}

interface IssueOptions {
  serial: string;
  names?: x509.JsonGeneralNames;
  until?: Date;
}

type CryptoLike = ReturnType<typeof x509.cryptoProvider.get>;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;

export async function testAuthority(): Promise<TestAuthority> {
  x509.cryptoProvider.set(webcrypto as unknown as CryptoLike);
  const keys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=Test Authority",
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return {
    cert: root.toString("pem"),
    async issue({ serial, names = LOCAL_NAMES, until = new Date(Date.now() + DAY_MS) }) {
      const own = await newKeys();
      const leaf = await x509.X509CertificateGenerator.create({
        serialNumber: serial,
        subject: "CN=flowstead",
        issuer: root.subject,
        notBefore: new Date(Date.now() - 2 * DAY_MS),
        notAfter: until,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
      });
      const key = await webcrypto.subtle.exportKey("pkcs8", own.privateKey);
      return { cert: leaf.toString("pem"), key: x509.PemConverter.encode(key, "PRIVATE KEY") };
    },
  };
}

export const LOCAL_NAMES: x509.JsonGeneralNames = [
  { type: "dns", value: "localhost" },
  { type: "ip", value: "127.0.0.1" },
];

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]) as Promise<webcrypto.CryptoKeyPair>;
}
