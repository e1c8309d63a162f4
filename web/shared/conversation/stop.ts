// A stop is told until it has been heard: it may overtake the question that it is to stop, or be lost on the way.

import { ApiError } from "../wire/request.ts";

export interface StopOptions {
  /** Says it once; whether there was anything to stop. */
  tell: () => Promise<{ stopped: boolean }>;
  /** Whether the run has ended meanwhile, or is followed no more. */
  isOver: () => boolean;
}

const PATIENCE_MS = 4_000;
const AGAIN_MS = 250;

/** Resolves when the run is over, or when patience is: then to whether the server has heard it. */
export async function stopRun({ tell, isOver }: StopOptions): Promise<"over" | "heard" | "unheard"> {
  const deadline = Date.now() + PATIENCE_MS;
  let heard = false;
  let isTelling = false;
  while (!isOver()) {
    if (Date.now() > deadline) return heard ? "heard" : "unheard";
    if (!heard && !isTelling) {
      isTelling = true;
      void tell()
        .then(({ stopped }) => (heard = stopped))
        .catch(() => undefined)
        .finally(() => (isTelling = false));
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  return "over";
}

/** What is wrong when even the last word did not arrive; a conversation that does not exist has nothing to stop. */
export function stopProblem(error: unknown): string | undefined {
  if (error instanceof ApiError && error.status === 404) return undefined;
  return "The server could not be told to stop, so it may go on writing this answer.";
}
