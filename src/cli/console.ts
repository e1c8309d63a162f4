// What a person sees in the terminal: plain lines, one progress bar that redraws itself, and JSON for programs.

import { FlowsteadError } from "../base/error/error.ts";

export interface Console {
  /** A line on standard output: results. */
  print(line: string): void;
  /** A line on standard error: what goes on. */
  say(line: string): void;
  /** Redraws one line; on something that is not a terminal it prints only the last state. */
  progress(line: string): void;
  /** The same with a bar, as wide as there is room. */
  bar(label: string, progress: Progress): void;
  /** Ends the progress line. */
  settle(): void;
  /** Gives the command the exit code 1 though nothing is thrown: what it printed says what is wrong. */
  fail(): void;
  readonly hasFailed: boolean;
  /** Columns of standard output: what COLUMNS says, else the terminal; 80 where there is none. */
  readonly width: number;
}

/** What a console writes to: a stream of this process, or one that keeps the text. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export function terminal(stdout: Output = process.stdout, stderr: Output = process.stderr): Console {
  const isTerminal = stderr.isTTY === true;
  let pending = "";
  let hasFailed = false;
  const settle = (): void => {
    if (pending === "") return;
    stderr.write(isTerminal ? "\n" : `${pending}\n`);
    pending = "";
  };
  // The last column is left to the cursor.
  const width = (): number => (stderr.columns ?? 80) - 1;
  const redraw = (line: string): void => {
    pending = line;
    if (isTerminal) stderr.write(`\r\u001b[K${line.length > width() ? `${line.slice(0, width() - 1)}…` : line}`);
  };
  return {
    print(line) {
      settle();
      stdout.write(`${line}\n`);
    },
    say(line) {
      settle();
      stderr.write(`${line}\n`);
    },
    progress: redraw,
    bar: (label, progress) => redraw(progressLine(label, progress, width())),
    settle,
    fail: () => void (hasFailed = true),
    get hasFailed() {
      return hasFailed;
    },
    get width() {
      return Number.parseInt(process.env.COLUMNS ?? "", 10) || stdout.columns || 80;
    },
  };
}

export interface Progress {
  done: number;
  total: number;
  /** Items per second. */
  rate: number;
  remainingSeconds?: number;
  /** What is being worked on. */
  current?: string;
}

const BAR_WIDTH = 24;
/** A shorter bar says nothing. */
const SHORTEST_BAR = 6;

/** In a narrow terminal the bar gives way first: the numbers say the same. */
function progressLine(label: string, progress: Progress, width: number): string {
  const { done, total, rate, remainingSeconds, current } = progress;
  const left = remainingSeconds === undefined || done >= total ? "" : `, ${duration(remainingSeconds)} left`;
  const numbers = `${done}/${total} (${rate.toFixed(1)}/s${left})`;
  const room = Math.min(BAR_WIDTH, width - label.length - numbers.length - 2);
  const bar = room < SHORTEST_BAR ? "" : `${barOf(total === 0 ? 1 : done / total, room)} `;
  return `${label} ${bar}${numbers}${current ? ` ${current}` : ""}`;
}

function barOf(share: number, width: number): string {
  const filled = Math.round(share * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}

/** The two largest units, as in `2 h 5 min`. */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What went wrong, for a person: never a stack. */
export function explain(thrown: unknown): string {
  const error = FlowsteadError.from(thrown);
  const hint = error.code === "Unexpected" ? "\nThis is a bug; run with FLOWSTEAD_LOG_LEVEL=debug and report it." : "";
  return `${error.message}${hint}`;
}

/** For `--debug`: the code, what the error knows besides its message, and what caused it. */
export function explainMore(thrown: unknown): string {
  const { code, details, cause } = FlowsteadError.from(thrown);
  const lines = [`code: ${code}`];
  if (details) lines.push(`details: ${JSON.stringify(details, null, 2)}`);
  for (let at: unknown = cause; at instanceof Error; at = at.cause) lines.push(`caused by: ${at.name}: ${at.message}`);
  return lines.join("\n");
}
