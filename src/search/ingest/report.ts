import type { ErrorCode } from "../../base/error/error.ts";
import type { SkippedFile } from "./source/source.ts";

export interface FailedFile {
  file: string;
  code: ErrorCode;
  /** A sentence for people. */
  reason: string;
}

/** What adding a folder did. */
export interface IngestReport {
  folder: string;
  /** Files that are in the index now and were not before. */
  added: number;
  /** Files indexed anew because they, or the way they are read, have changed. */
  changed: number;
  unchanged: number;
  /** Documents taken out because their files are gone or can no longer be read as text. */
  removed: number;
  failed: FailedFile[];
  /** Files that are not meant to be indexed: hidden, links that lead out, unsupported kinds. */
  skipped: SkippedFile[];
  /** Oddities of files that were indexed all the same. */
  notes: SkippedFile[];
  /** Passages written. */
  passages: number;
  seconds: number;
}

export interface IngestProgress {
  /** Files looked at, of all files found. */
  done: number;
  total: number;
  /** The file just looked at. */
  file: string;
  /** Files per second since the start. */
  rate: number;
  /** Undefined until it can be told. */
  remainingSeconds?: number;
}

/** Counts files and tells how fast they go. */
export function progressMeter(total: number, report: (progress: IngestProgress) => void): (file: string) => void {
  const started = performance.now();
  let done = 0;
  return (file) => {
    done += 1;
    const seconds = (performance.now() - started) / 1000;
    const rate = seconds > 0 ? done / seconds : 0;
    const progress: IngestProgress = { done, total, file, rate };
    if (done >= 3 || done === total) progress.remainingSeconds = rate > 0 ? (total - done) / rate : 0;
    report(progress);
  };
}
