// Names for principals, given to processes that are not to choose on whose behalf they act, nor to learn who that is. Whoever
// holds one can name a principal who has called, and nobody else.

import { secretToken } from "../base/id.ts";

export interface Pseudonyms {
  /** The name of a principal, made at the first call and good for a while after the last. */
  of(principal: string): string;
  principalOf(name: string): string | undefined;
}

interface Given {
  name: string;
  principal: string;
  at: number;
}

/** Longer than any run that asks for models. */
const KEPT_MS = 3_600_000;
const SWEEP_MS = 60_000;

export function createPseudonyms({ keptMs = KEPT_MS, now = Date.now } = {}): Pseudonyms {
  const byPrincipal = new Map<string, Given>();
  const byName = new Map<string, Given>();
  let swept = now();

  function sweep(time: number): void {
    swept = time;
    for (const { name, principal, at } of byName.values()) {
      if (time - at <= keptMs) continue;
      byPrincipal.delete(principal);
      byName.delete(name);
    }
  }

  return {
    of(principal) {
      const time = now();
      if (time - swept > SWEEP_MS) sweep(time);
      let given = byPrincipal.get(principal);
      if (!given) {
        given = { name: secretToken(), principal, at: time };
        byPrincipal.set(principal, given);
        byName.set(given.name, given);
      }
      given.at = time;
      return given.name;
    },
    principalOf(name) {
      const given = byName.get(name);
      return given && now() - given.at <= keptMs ? given.principal : undefined;
    },
  };
}
