// A run's folder that cannot be written any more, in words: what it is, where, and what to do.

import { FlowsteadError, isFullDisk } from "../base/error/error.ts";

const WHY: Readonly<Record<string, string>> = {
  ENOSPC: "there is no room on the disk",
  EDQUOT: "this user may write no more on the disk",
  EFBIG: "a file has reached the size that this process may write (ulimit -f)",
  EROFS: "the disk can only be read",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EIO: "the disk fails",
};

/** What ended a run: of a fault of the disk below its folder it says how to go on; anything else is what it was. */
export function runFault(thrown: unknown, { name, folder }: { name: string; folder: string }): FlowsteadError {
  const error = FlowsteadError.from(thrown);
  const { code = "", path = folder, message } = (error.cause ?? {}) as Partial<NodeJS.ErrnoException>;
  const why = WHY[code];
  if (why === undefined || !path.startsWith(folder)) return error;
  return new FlowsteadError(
    isFullDisk(error.cause) ? "StoreFull" : "StoreUnavailable",
    `The results of run ${name} cannot be written in ${folder}: ${why} (${message}). Lines that have ended are kept: mend that, then go on with flowstead run create --resume-from ${name}.`,
    { cause: error.cause },
  );
}
