// Secrets at rest: encrypted with a key that lies in a file of its own, readable by its owner only. Who copies the one
// without the other has no secret.

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { FlowsteadError } from "../base/error/error.ts";
import { readOwnerFile } from "./owner-file.ts";

const CIPHER = "aes-256-gcm";

/** The key in the file, made at the first call. */
export async function readSealingKey(file: string): Promise<Buffer> {
  return Buffer.from(await readOwnerFile(file, () => randomBytes(32).toString("base64")), "base64");
}

/** Initialisation vector, tag and text, base64, with dots between. The name is bound to the text, so that it cannot be moved to another. */
export function seal(text: string, name: string, key: Buffer): string {
  const vector = randomBytes(12);
  const cipher = createCipheriv(CIPHER, key, vector).setAAD(Buffer.from(name));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return [vector, cipher.getAuthTag(), sealed].map((part) => part.toString("base64")).join(".");
}

/** @throws FlowsteadError `StoreDamaged` when the key or the name is another one. */
export function unseal(sealed: string, name: string, key: Buffer): string {
  try {
    const [vector, tag, text] = sealed.split(".").map((part) => Buffer.from(part, "base64"));
    if (!vector || !tag || !text) throw new Error("a part is missing");
    const decipher = createDecipheriv(CIPHER, key, vector).setAAD(Buffer.from(name)).setAuthTag(tag);
    return decipher.update(text, undefined, "utf8") + decipher.final("utf8");
  } catch (cause) {
    throw new FlowsteadError(
      "StoreDamaged",
      `The secrets of ${name} cannot be decrypted: the key file is not the one they were sealed with.`,
      { cause },
    );
  }
}
