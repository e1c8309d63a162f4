import type { FlowsteadError } from "../base/error/error.ts";
import type { Member } from "./member.ts";
import { type ProbeSettings, watchProbe } from "./probe.ts";

export interface HealthOptions<T> extends ProbeSettings {
  /** Proves that the member can work. @throws when it can not. */
  probe: (value: T, signal: AbortSignal) => Promise<void>;
  /** Told when the member is taken out. */
  onLost?: (reason: FlowsteadError) => void;
}

/**
 * Probes one member until the function returned is called: probes that pass let it in, probes that fail take it out, and
 * calls on it that have not begun to answer move.
 */
export function watchHealth<T>(member: Member<T>, { probe, onLost, ...settings }: HealthOptions<T>): () => void {
  return watchProbe({
    ...settings,
    probe: (signal) => probe(member.value, signal),
    counts: () => member.isReady,
    onWell: () => member.setReady(true),
    onIll: (reason) => {
      if (!member.isReady) return;
      onLost?.(reason);
      member.lose(reason);
    },
  });
}
