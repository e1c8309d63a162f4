// logs.txt of a run, in the original's form.

import { type WriteStream, createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

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
  return `${localTime(time)} ${pid} ${logger.padEnd(18)} ${level.padEnd(8)} ${message}\n`;
}

function localTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const zone = -date.getTimezoneOffset();
  const offset = `${zone < 0 ? "-" : "+"}${two(Math.floor(Math.abs(zone) / 60))}${two(Math.abs(zone) % 60)}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${offset}`;
}
