// The end of an instance: at once when it is lost, else once its calls have ended or their time is over.

import type { FlowsteadError } from "../base/error/error.ts";
import type { Target } from "../flow/target.ts";
import type { Member } from "../pool/member.ts";
import type { Pool } from "../pool/pool.ts";
import type { Instance } from "./instance/instance.ts";

export interface Leaving {
  instance: Instance;
  member: Member<Target>;
  pool: Pool<Target>;
  /** Longest time that its calls may go on. */
  drainMs: number;
  /** Why it is gone already; its calls fail or move with this. */
  lost: FlowsteadError | undefined;
}

/** Takes the instance out of the pool at once, and resolves when it is gone. */
export async function leave({ instance, member, pool, drainMs, lost }: Leaving): Promise<void> {
  const removed = pool.remove(member.id);
  if (lost) {
    const stopped = instance.stop({ now: true });
    member.lose(lost);
    await stopped;
  } else {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, drainMs)));
    await Promise.race([removed, late]);
    clearTimeout(timer);
    await instance.stop();
  }
  await removed;
}
