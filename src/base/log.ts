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
const SECRET_KEYS: ReadonlySet<string> = new Set([
  "authorization",
  "api-key",
  "apiKey",
  "api_key",
  "key",
  "token",
  "secret",
  "password",
  "cookie",
]);
const DEPTH = 4;

/** JSON lines with a time, a level and a request id where there is one; values under secret names are masked. */
export function createLog({ level, file }: LogOptions): Logger {
  const destination = openDestination(file);
  // A full disk costs lines of the log, not the process. What could not be written is tried again with the next line.
  destination.on("error", () => {});
  const log = pino(
    {
      level,
      base: null,
      timestamp,
      // Not pino's own redaction: its paths cost four times what the rest of a line does.
      formatters: { log: (line) => masked(line) },
      serializers: { err: (thrown: Error) => masked(pino.stdSerializers.err(thrown)) },
    },
    together(destination),
  );
  const { child } = log;
  log.child = function (this: Logger, bindings: object, options: object) {
    return child.call(this, masked(bindings), options);
  } as typeof child;
  return log;
}

let lately = { ms: Number.NaN, text: "" };

/** Under load many lines fall into one millisecond; its date is written out once. */
function timestamp(): string {
  const ms = Date.now();
  if (ms !== lately.ms) lately = { ms, text: `,"time":"${new Date(ms).toISOString()}"` };
  return lately.text;
}

/** What has not been handed to the system when the process ends is handed to it then. */
const unwritten = new Set<() => void>();
process.once("exit", () => {
  for (const flush of unwritten) flush();
});

/** The lines of one turn of the event loop in one write: under load a write costs as much as the line. */
function together(destination: { write(text: string): unknown }): { write(line: string): void } {
  let text = "";
  const flush = (): void => {
    const lines = text;
    text = "";
    unwritten.delete(flush);
    if (lines !== "") destination.write(lines);
  };
  return {
    write(line) {
      if (text === "") {
        unwritten.add(flush);
        setImmediate(flush);
      }
      text += line;
    },
  };
}

/** The same object when there is nothing to mask, else a copy as far as there is. */
function masked<Line extends object>(line: Line, depth = DEPTH): Line {
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(line)) {
    const value = (line as Record<string, unknown>)[name];
    let shown: unknown = value;
    if (SECRET_KEYS.has(name)) shown = "******";
    else if (depth > 1 && typeof value === "object" && value !== null && !(value instanceof Error)) {
      shown = masked(value as object, depth - 1);
    }
    if (shown === value) continue;
    copy ??= (Array.isArray(line) ? [...line] : { ...line }) as Record<string, unknown>;
    copy[name] = shown;
  }
  return (copy ?? line) as Line;
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
