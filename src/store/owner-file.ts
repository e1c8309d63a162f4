import { chmod, link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import { secretToken } from "../base/id.ts";
import { writeFileAtomic } from "./atomic-file.ts";

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

/** What a file of secrets holds, in its named shape. */
export interface OwnerRecord<Shape extends z.ZodType> {
  file: string;
  /** What the file holds, for the message when it does not. */
  holds: string;
  shape: Shape;
  make(): z.input<Shape>;
}

/** A record of `readOwnerFile`, kept as JSON. @throws FlowsteadError `InvalidConfig` for a file that holds something else. */
export async function readOwnerRecord<Shape extends z.ZodType>(record: OwnerRecord<Shape>): Promise<z.output<Shape>> {
  const { file, holds, shape, make } = record;
  const text = await readOwnerFile(file, () => `${JSON.stringify(make(), null, 2)}\n`);
  const parsed = shape.safeParse(tryJson(text));
  if (parsed.success) return parsed.data;
  throw new FlowsteadError(
    "InvalidConfig",
    `${file} does not hold ${holds}. Delete it to make new ones; callers then need the new key.`,
  );
}

/** Puts another content in the place of a record, whole. */
export async function replaceOwnerRecord<Shape extends z.ZodType>(
  { file }: Pick<OwnerRecord<Shape>, "file">,
  record: z.output<Shape>,
): Promise<void> {
  await writeFileAtomic(file, `${JSON.stringify(record, null, 2)}\n`, 0o600);
}

/** A record as it is at each call, so that a running program takes up what another one has put in its place. */
export async function followOwnerRecord<Shape extends z.ZodType>(
  record: OwnerRecord<Shape>,
): Promise<() => z.output<Shape>> {
  let current: z.output<Shape> = await readOwnerRecord(record);
  let state = stateOf(record.file);
  return () => {
    const now = stateOf(record.file);
    if (now === undefined || now === state) return current;
    const parsed = record.shape.safeParse(tryJson(readFileSync(record.file, "utf8")));
    if (parsed.success) [current, state] = [parsed.data, now];
    return current;
  };
}

function stateOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found && `${found.ino}:${found.mtimeMs}`;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function create(file: string, content: string): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const draft = `${file}.${process.pid}.${secretToken().slice(0, 8)}`;
  try {
    // A draft that the disk had no room for goes, too.
    await writeFile(draft, content, { mode: 0o600, flush: true });
    await link(draft, file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  } finally {
    await rm(draft, { force: true });
  }
}
