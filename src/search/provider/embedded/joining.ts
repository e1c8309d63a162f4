// Joining the files of a table writes its graph of vectors anew where many of the rows in it are gone: minutes for a large one.
// So a table that has a graph is joined beside its writes: those come first where both touch the same files, and the joining
// is then in vain and tried again later. What was written meanwhile is searched row by row.

import type { Logger } from "../../../base/log.ts";
import type { Upkeep } from "./upkeep.ts";

/** After so many in vain the graph goes, and what is left is joined while writes wait for some seconds. */
const MOST_IN_VAIN = 3;

export interface Joining {
  /** Whether files are being joined beside the writes. */
  readonly isUnderWay: boolean;
  /** Called when no write is under way; the next one waits for this. */
  begin(): Promise<void>;
  /** Beside writes, of which there are none for the time being, to its end. */
  whole(): Promise<void>;
}

export interface JoiningParts {
  upkeep: Upkeep;
  log: Logger;
  /** Lets the graph go where it would soon be made anew, or always when asked to; tells whether one is left. */
  keepsGraph(never: boolean): Promise<boolean>;
  /** What was done beside the writes has come to its end. */
  ended(): void;
}

export function joining({ upkeep, log, keepsGraph, ended }: JoiningParts): Joining {
  let underWay: Promise<void> | undefined;
  let inVain = 0;
  const beside = async (): Promise<void> => {
    try {
      await upkeep.run();
      inVain = 0;
    } catch (thrown) {
      if (!isConflict(thrown)) throw thrown;
      inVain += 1;
      log.debug({ inVain }, "files of the index were written while they were joined; that is tried again later");
    }
  };
  return {
    get isUnderWay() {
      return underWay !== undefined;
    },
    async begin() {
      if (!(await keepsGraph(inVain >= MOST_IN_VAIN))) {
        inVain = 0;
        await upkeep.run();
        return;
      }
      underWay = beside()
        .catch((thrown: unknown) => log.warn({ err: thrown }, "upkeep of the index failed"))
        .finally(() => {
          underWay = undefined;
          ended();
        });
    },
    whole: beside,
  };
}

/** Whether the engine says that another one has written at the same time. */
export function isConflict(thrown: unknown): boolean {
  return thrown instanceof Error && /conflict/i.test(thrown.message);
}
