/** One measurement that stands beside a thing to compare it with. */
export interface Bench {
  name: string;
  /** One line for the list. */
  about: string;
  /** @returns what the JSON line holds besides the bench's name; a list `below` of goals missed makes it exit with 1. */
  run(options: BenchOptions): Promise<Record<string, unknown>>;
}

export interface BenchOptions {
  /** A few rounds only: shows that it works, too few to compare. */
  isQuick: boolean;
  /** A folder with data that is not part of the project: `--sets DIR`. */
  sets?: string | undefined;
  /** The original's program `pf`, to be measured beside: `--original FILE`. */
  original?: string | undefined;
  /** A folder in which a bench of large data keeps it, and goes on where it was stopped: `--keep DIR`. */
  keep?: string | undefined;
  signal: AbortSignal;
}
