import { readFile } from "node:fs/promises";
import { FlowsteadError } from "../../../base/error/error.ts";
import { readDocumentFile } from "../read-file.ts";
import { scanFolder } from "../scan.ts";
import type { Source } from "./source.ts";

/** A folder of this machine, or one file. */
export function folderSource(scope: string): Source {
  return {
    scope,
    list: (signal) => scanFolder(scope, signal),
    read: ({ file }, limits) => readDocumentFile(file, limits),
    async text(file) {
      try {
        return await readFile(file, "utf8");
      } catch (thrown) {
        const { code } = thrown as NodeJS.ErrnoException;
        if (code === "ENOENT" || code === "ENOTDIR") return undefined;
        throw new FlowsteadError("DocumentUnreadable", `${file} cannot be read (${code ?? ""}).`, { cause: thrown });
      }
    },
    close: async () => undefined,
  };
}
