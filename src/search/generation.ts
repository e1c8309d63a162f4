// An index of passages may be one of several that have carried its name: the one built last stands behind it. What says which
// lies where the indexes are, so that every program over them sees it, and is replaced whole: each query sees the one or the other.

import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";

const State = z.object({
  /** The index that answers under the name. */
  current: z.string(),
  /** One that is to take its place. */
  building: z.string().optional(),
  /** Until then whoever builds it is taken to be at work, and nobody writes to the current one: it would be lost. */
  until: z.string().optional(),
  /** Those that were in its place and are still to be removed. */
  retired: z.array(z.string()).default([]),
  /** When the current one was put there. */
  since: z.string().optional(),
});

export type Generation = z.infer<typeof State>;

export interface Generations {
  /** Cheap, since it is asked before each query; `isFresh` asks anew what may be known. @throws FlowsteadError `IndexDamaged`. */
  of(name: string, isFresh?: boolean): Generation | Promise<Generation>;
  /** Names behind which other indexes stand, or are to. */
  names(): Promise<string[]>;
  write(name: string, generation: Generation): Promise<void>;
  remove(name: string): Promise<void>;
  /** How long others may go by what was before a change. */
  readonly seenWithinMs: number;
  /** Whether programs of other machines use the same indexes, with state folders of their own. */
  readonly isShared: boolean;
}

/** Of a name that was never built anew. */
export function firstGeneration(name: string): Generation {
  return { current: name, retired: [] };
}

/** `where` it was read, for messages. */
export function readGeneration(text: string, where: string): Generation {
  try {
    return State.parse(JSON.parse(text));
  } catch (cause) {
    throw new FlowsteadError(
      "IndexDamaged",
      `${where} does not say which index stands behind its name. Remove the index with ` +
        "`flowstead index remove --all --index NAME` and add its folders again.",
      { cause },
    );
  }
}
