import { type Logger, pino } from "pino";

export type { Logger } from "pino";

export interface LogOptions {
  level: "debug" | "info" | "warn" | "error" | "silent";
  /** A file to append to; standard error when absent. */
  file?: string;
}

const SECRET_KEYS = ["authorization", "api-key", "apiKey", "api_key", "key", "token", "secret", "password", "cookie"];

/** JSON lines with a time, a level and a request id where there is one; values under secret names are masked. */
export function createLog({ level, file }: LogOptions): Logger {
  const destination = pino.destination({ dest: file ?? 2, sync: true, mkdir: true });
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

/** A log that says nothing, for embedding and tests. */
export const SILENT: Logger = pino({ level: "silent" });
