// The certificate of the entry, read from its files and followed: who renews it writes new files, and nothing is restarted.

import { readFile } from "node:fs/promises";
import { unwatchFile, watchFile } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import type { Config } from "../config/schema.ts";
import type { ServedCertificate } from "../entry/secure-server.ts";
import { type CertificatePair, checkCertificate } from "../network/certificate.ts";

export interface FollowedCertificate extends ServedCertificate {
  close(): void;
}

/** By looking, since links to files, as renewal programs and Kubernetes replace them, are changed without an event. */
const LOOK_MS = 1_000;

/** Undefined where none is configured. @throws FlowsteadError `InvalidConfig` when the files cannot be served. */
export async function openCertificate(
  { tls }: Readonly<Config>,
  log: Logger,
): Promise<FollowedCertificate | undefined> {
  if (!tls) return undefined;
  const files = { cert: path.resolve(tls.cert_file), key: path.resolve(tls.key_file) };
  const listeners: ((pair: CertificatePair) => void)[] = [];
  let reading: Promise<void> = Promise.resolve();
  let pair: CertificatePair | undefined;

  const read = async (): Promise<CertificatePair> => {
    const [cert, key] = await Promise.all([text(files.cert, "tls.cert_file"), text(files.key, "tls.key_file")]);
    checkCertificate({ cert, key }, files);
    return { cert, key };
  };
  const reload = async (): Promise<void> => {
    try {
      const found = await read();
      if (found.cert === pair?.cert && found.key === pair.key) return;
      pair = found;
      for (const listener of listeners) listener(found);
      log.info({ file: files.cert }, "serving a new certificate");
    } catch (thrown) {
      // Between the writing of one file and of the other this is to be expected.
      log.warn({ err: thrown }, "the new certificate cannot be served; the one before stays");
    }
  };
  const look = (): void => {
    reading = reading.then(reload);
  };
  // Before the first reading, so that nothing is changed unseen.
  for (const file of Object.values(files)) watchFile(file, { interval: LOOK_MS, persistent: false }, look);
  const close = (): void => {
    for (const file of Object.values(files)) unwatchFile(file, look);
  };
  try {
    pair = await read();
  } catch (thrown) {
    close();
    throw thrown;
  }
  return {
    get pair() {
      return pair as CertificatePair;
    },
    onChange: (listener) => void listeners.push(listener),
    close,
  };
}

async function text(file: string, setting: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "it is not there" : (cause as Error).message;
    throw new FlowsteadError("InvalidConfig", `\`${setting}\` ${file} cannot be read: ${why}.`, { cause });
  }
}
