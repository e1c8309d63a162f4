// `index export`: every passage as a line of JSON, document by document, however many there are.

import { realpath, stat, writeFile } from "node:fs/promises";
import { throwIfAborted } from "../../base/abort.ts";
import { FlowsteadError, isFullDisk } from "../../base/error/error.ts";
import { writeFileAtomic } from "../../store/atomic-file.ts";
import type { Console } from "../console.ts";
import { type IndexOptions, readIndex, type UsedIndex } from "./use.ts";

/** Without a file the lines are printed. */
export async function exportPassages(file: string | undefined, options: IndexOptions, console: Console): Promise<void> {
  const controller = new AbortController();
  // What has been written so far is taken away again.
  const stop = (): void => controller.abort();
  process.once("SIGINT", stop);
  await readIndex(options, async (used) => {
    let count = 0;
    const documents = async function* (): AsyncGenerator<string> {
      for await (const lines of linesOf(used, controller.signal)) {
        count += lines.length;
        yield lines.map((line) => `${line}\n`).join("");
      }
    };
    if (file === undefined) {
      for await (const lines of linesOf(used, controller.signal)) for (const line of lines) console.print(line);
      return;
    }
    await replace(file, documents()).catch((thrown: unknown) => {
      throw notWritten(file, thrown);
    });
    console.say(`${count} passages written to ${file}.`);
  }).finally(() => process.off("SIGINT", stop));
}

/** The lines of each document. */
async function* linesOf({ index, collection }: UsedIndex, signal: AbortSignal): AsyncGenerator<string[]> {
  for (const { id } of await collection.documents()) {
    throwIfAborted(signal);
    yield (await index.documentPassages(id, signal)).map(({ vector, ...passage }) =>
      JSON.stringify(vector ? { ...passage, vector: Array.from(vector) } : passage),
    );
  }
}

/** A link stays one, and a pipe or device cannot be replaced: it is written to. */
async function replace(file: string, content: AsyncIterable<string>): Promise<void> {
  const target = await realpath(file).catch(() => file);
  const before = await stat(target).catch(() => undefined);
  if (before && !before.isFile()) await writeFile(target, content);
  else await writeFileAtomic(target, content, before && before.mode & 0o777);
}

function notWritten(file: string, thrown: unknown): unknown {
  const { syscall, message } = thrown as NodeJS.ErrnoException;
  if (syscall === undefined) return thrown;
  if (isFullDisk(thrown))
    return new FlowsteadError("StoreFull", `There is no room on the disk for ${file}; what was there is as it was.`, {
      cause: thrown,
    });
  return new FlowsteadError("StoreUnavailable", `${file} cannot be written: ${message}.`, { cause: thrown });
}
