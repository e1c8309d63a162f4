// logs.txt of a run, in the original's form.

import { type WriteStream, createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { localTime } from "./local-time.ts";

export interface RunLog {
  info(message: string): void;
  warning(message: string): void;
  error(message: string): void;
  close(): Promise<void>;
}

export function openRunLog(file: string): RunLog {
  const stream: WriteStream = createWriteStream(file, { flags: "a" });
  const done = finished(stream);
  // A log that cannot be written must not end the run; the run's own files will tell the same trouble.
  done.catch(() => undefined);
  const write = (level: string, message: string): void => {
    stream.write(logLine(new Date(), "execution.bulk", level, message));
  };
  return {
    info: (message) => write("INFO", message),
    warning: (message) => write("WARNING", message),
    error: (message) => write("ERROR", message),
    async close() {
      stream.end();
      await done.catch(() => undefined);
    },
  };
}

/** Time with zone, process, logger, level, message. */
export function logLine(time: Date, logger: string, level: string, message: string): string {
  const pid = String(process.pid).padStart(7);
  const { year, month, day, hour, minute, second, zone } = localTime(time);
  const stamp = `${year}-${month}-${day} ${hour}:${minute}:${second} ${zone}`;
  return `${stamp} ${pid} ${logger.padEnd(18)} ${level.padEnd(8)} ${message}\n`;
}
