import { randomBytes } from "node:crypto";
import { open, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";

/**
 * Replaces a file as a whole: a reader, and whoever comes after a crash, finds the old content or the new one.
 * It is on the disk when the promise resolves. Data may come in parts, of which one is held at a time. `mode` as in `chmod`; secrets need 0o600.
 */
export async function writeFileAtomic(
  file: string,
  data: string | Uint8Array | AsyncIterable<string>,
  mode = 0o644,
): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const handle = await open(temporary, "wx", mode);
    try {
      await writeFile(handle, data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
  await syncFolder(path.dirname(file));
}

/** Makes the rename itself durable, where the platform can open a folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  if (!handle) return;
  try {
    await handle.sync();
  } catch {
    // Windows and some network file systems refuse this; the content itself is safe.
  } finally {
    await handle.close();
  }
}
