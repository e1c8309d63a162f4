// Which instances should start and which may leave, by what there is: the rule behind scaling, rolling replacement and zones.

import { spread } from "./zone.ts";

/** One instance as the rule sees it. */
export interface Placed {
  readonly zone: string;
  readonly isReady: boolean;
  /** Whether it runs the version wanted. */
  readonly isCurrent: boolean;
}

/** Instances beyond the count during a replacement, as a managed endpoint reserves them. */
const SURGE = 0.2;

/** The zones in which an instance is to start, one entry each; never more than the surge allows. */
export function missing(count: number, zones: readonly string[], placed: readonly Placed[]): string[] {
  const wanted = spread(count, zones);
  const starting: string[] = [];
  let room = count + Math.ceil(count * SURGE) - placed.length;
  // Round by round over the zones, so that a surge that does not reach all of them is spread too.
  for (let round = 0; round < count && room > 0; round++) {
    for (const [zone, share] of wanted) {
      const there = currentIn(zone, placed) + starting.filter((one) => one === zone).length;
      if (room <= 0 || there >= share) continue;
      starting.push(zone);
      room--;
    }
  }
  return starting;
}

/** The next one that may leave without fewer than wanted being ready; none when there is no such. */
export function surplus<T extends Placed>(
  count: number,
  zones: readonly string[],
  placed: readonly T[],
): T | undefined {
  const wanted = spread(count, zones);
  const ready = placed.filter(({ isReady }) => isReady).length;
  // What is not ready serves nobody, so it goes first; then the older ones.
  const order = placed.toSorted((a, b) => Number(a.isReady) - Number(b.isReady));
  return order.find(
    ({ zone, isReady, isCurrent }) =>
      (!isCurrent || currentIn(zone, placed) > (wanted.get(zone) ?? 0)) && (!isReady || ready > count),
  );
}

/** Whether every one wanted is there, ready, of the version wanted and in its zone. */
export function isSettled(count: number, zones: readonly string[], placed: readonly Placed[]): boolean {
  const wanted = spread(count, zones);
  const right = placed.filter(
    ({ zone, isReady, isCurrent }) => isReady && isCurrent && currentIn(zone, placed) === wanted.get(zone),
  );
  return placed.length === count && right.length === count;
}

function currentIn(zone: string, placed: readonly Placed[]): number {
  return placed.filter((one) => one.isCurrent && one.zone === zone).length;
}
