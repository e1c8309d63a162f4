import { mkdir } from "node:fs/promises";
import { FlowsteadError } from "../base/error/error.ts";

/**
 * Makes the folder that holds everything one person has here, readable by that person only; one that is there keeps its
 * permissions. To be called before anything else writes below it.
 * @throws FlowsteadError `StoreUnavailable`.
 */
export async function makeStateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const why = (cause as Error).message;
    throw new FlowsteadError(
      "StoreUnavailable",
      `The state folder ${folder} cannot be made: ${why}. Choose another folder with --home.`,
      { cause },
    );
  }
}
