import { FlowsteadError } from "../../../base/error/error.ts";

/** An engine's error in our words. `file` is named, since the person who can mend it needs the path. */
export function sqliteError(thrown: unknown, file: string): FlowsteadError {
  if (thrown instanceof FlowsteadError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const options = { cause: thrown, details: { file } };
  const number = resultCode(thrown);
  switch (number === undefined ? undefined : number & 0xff) {
    case 5:
    case 6:
      return new FlowsteadError(
        "StoreLocked",
        `Another program has ${file} open and holds it. Close that program.`,
        options,
      );
    case 13:
      return new FlowsteadError(
        "StoreFull",
        `There is no room to write ${file}. Free some disk space; nothing that was saved is lost.`,
        options,
      );
    case 11:
    case 26:
      return new FlowsteadError(
        "StoreDamaged",
        `${file} is not a sound database (${message}). Put a backup in its place, or move it away to start empty.`,
        options,
      );
    case 8:
    case 10:
    case 14:
    case 23:
      return unavailable(file, message, options);
    case undefined:
      // libsql tells a failed open only in words; a file system error has a word for its code.
      if (message.includes("ConnectionFailed") || typeof (thrown as { errno?: unknown } | null)?.errno === "number")
        return unavailable(file, message, options);
      return new FlowsteadError("Unexpected", message, options);
    default:
      return new FlowsteadError("Unexpected", `SQLite says: ${message}`, options);
  }
}

function unavailable(
  file: string,
  message: string,
  options: { cause: unknown; details: Record<string, unknown> },
): FlowsteadError {
  const text = `${file} cannot be opened or written (${message}). Check that the folder exists and that this user may write there.`;
  return new FlowsteadError("StoreUnavailable", text, options);
}

/** SQLite's extended result code: `rawCode` in libsql, `errcode` in Node. */
function resultCode(thrown: unknown): number | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  const { rawCode, errcode } = thrown as { rawCode?: unknown; errcode?: unknown };
  if (typeof rawCode === "number") return rawCode;
  return typeof errcode === "number" ? errcode : undefined;
}
