import { chmod, link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { secretToken } from "../base/id.ts";

/**
 * The content of a file that only its owner may read, made by the first caller. It is written whole beside the place and
 * linked there, so that two processes that start at once agree on one content.
 */
export async function readOwnerFile(file: string, make: () => string): Promise<string> {
  for (;;) {
    const text = await readFile(file, "utf8").catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code === "ENOENT") return undefined;
      throw thrown;
    });
    if (text !== undefined) return text;
    await create(file, make());
  }
}

async function create(file: string, content: string): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const draft = `${file}.${process.pid}.${secretToken().slice(0, 8)}`;
  await writeFile(draft, content, { mode: 0o600, flush: true });
  try {
    await link(draft, file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  } finally {
    await rm(draft, { force: true });
  }
}
