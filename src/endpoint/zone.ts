// Zones are labels of instances. A zone that is down has no instances; the others take its share until it is up again.

import { FlowsteadError } from "../base/error/error.ts";

export interface ZoneStatus {
  zone: string;
  isUp: boolean;
}

export interface Zones {
  readonly names: readonly string[];
  /** Those that are up, in the order of `names`. */
  up(): string[];
  isUp(zone: string): boolean;
  list(): ZoneStatus[];
  /** Says that a zone went down or came back; the same again changes nothing. @throws FlowsteadError `NotFound`. */
  set(zone: string, isUp: boolean): void;
  /** Called after every change, until the function returned is called. */
  watch(onChange: () => void): () => void;
}

export function openZones(names: readonly string[]): Zones {
  const down = new Set<string>();
  const watchers = new Set<() => void>();
  return {
    names,
    up: () => names.filter((zone) => !down.has(zone)),
    isUp: (zone) => !down.has(zone),
    list: () => names.map((zone) => ({ zone, isUp: !down.has(zone) })),
    set(zone, isUp) {
      if (!names.includes(zone)) {
        throw new FlowsteadError("NotFound", `There is no zone "${zone}". There are: ${names.join(", ")}.`);
      }
      if (down.has(zone) !== isUp) return;
      if (isUp) down.delete(zone);
      else down.add(zone);
      for (const tell of watchers) tell();
    },
    watch(onChange) {
      watchers.add(onChange);
      return () => watchers.delete(onChange);
    },
  };
}

/** How many of `count` instances belong into each zone, so that no two zones differ by more than one. */
export function spread(count: number, zones: readonly string[]): Map<string, number> {
  const shares = new Map(zones.map((zone) => [zone, 0]));
  for (let number = 0; number < count && zones.length > 0; number++) {
    const zone = zones[number % zones.length] as string;
    shares.set(zone, (shares.get(zone) ?? 0) + 1);
  }
  return shares;
}
