import { type Logger, pino } from "pino";
import { FlowsteadError } from "./error/error.ts";

export type { Logger } from "pino";

export interface LogOptions {
  level: "debug" | "info" | "warn" | "error" | "silent";
  /** A file to append to; standard error when absent. */
  file?: string;
}

/** Characters of log lines that are kept while they cannot be written. */
const MOST_WAITING = 2 ** 20;
const SECRET_KEYS = ["authorization", "api-key", "apiKey", "api_key", "key", "token", "secret", "password", "cookie"];

/** JSON lines with a time, a level and a request id where there is one; values under secret names are masked. */
export function createLog({ level, file }: LogOptions): Logger {
  const destination = openDestination(file);
  // A full disk costs lines of the log, not the process. What could not be written is tried again with the next line.
  destination.on("error", () => {});
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRET_KEYS.flatMap((key) => [`["${key}"]`, `*["${key}"]`, `*.*["${key}"]`]), censor: "******" },
    },
    destination,
  );
}

function openDestination(file: string | undefined): ReturnType<typeof pino.destination> {
  try {
    return pino.destination({ dest: file ?? 2, sync: true, mkdir: true, maxLength: MOST_WAITING });
  } catch (cause) {
    throw new FlowsteadError("StoreUnavailable", `The log ${file} cannot be written: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

/** A log that says nothing, for embedding and tests. */
export const SILENT: Logger = pino({ level: "silent" });
