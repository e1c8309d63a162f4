import type { Member } from "./member.ts";

export interface PickOptions {
  /** Members of this zone are preferred, as long as they are not much busier than the others. */
  zone?: string;
  /** From 0 to 1; injected by tests. */
  random?: () => number;
}

/** In-flight calls per weight that the own zone may have more than another one before calls spill over. */
const ZONE_SPILL = 2;

/**
 * Chooses among candidates that may all be used: the best priority, then the preferred zone, then the less busy of two
 * drawn by weight. An idle pool therefore follows the weights, a busy one the load.
 */
export function pick<T>(
  candidates: readonly Member<T>[],
  { zone, random = Math.random }: PickOptions = {},
): Member<T> | undefined {
  if (candidates.length < 2) return candidates[0];
  const tier = bestOf(candidates);
  if (zone === undefined) return lessBusyOfTwo(tier, random);
  const near = lessBusyOfTwo(
    tier.filter((member) => member.zone === zone),
    random,
  );
  const far = lessBusyOfTwo(
    tier.filter((member) => member.zone !== zone),
    random,
  );
  if (!near || !far) return near ?? far;
  return load(near) > load(far) + ZONE_SPILL ? far : near;
}

function lessBusyOfTwo<T>(members: readonly Member<T>[], random: () => number): Member<T> | undefined {
  if (members.length < 2) return members[0];
  const first = draw(members, random);
  const second = draw(members, random, first);
  return load(second) < load(first) ? second : first;
}

/** By weight, one other than `but`. */
function draw<T>(members: readonly Member<T>[], random: () => number, but?: Member<T>): Member<T> {
  let total = 0;
  for (const member of members) if (member !== but) total += member.weight;
  let mark = random() * total;
  let last = members[0] as Member<T>;
  for (const member of members) {
    if (member === but) continue;
    last = member;
    mark -= member.weight;
    if (mark < 0) break;
  }
  return last;
}

/** Those of the best priority; most pools have one only. */
function bestOf<T>(candidates: readonly Member<T>[]): readonly Member<T>[] {
  let best = Infinity;
  let isOne = true;
  for (const { priority } of candidates) {
    if (best !== Infinity && priority !== best) isOne = false;
    if (priority < best) best = priority;
  }
  return isOne ? candidates : candidates.filter((member) => member.priority === best);
}

function load<T>(member: Member<T>): number {
  return member.inFlight / member.weight;
}
