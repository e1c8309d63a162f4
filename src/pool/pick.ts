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
  const best = Math.min(...candidates.map((member) => member.priority));
  const tier = candidates.filter((member) => member.priority === best);
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
  const second = draw(
    members.filter((member) => member !== first),
    random,
  );
  return load(second) < load(first) ? second : first;
}

function draw<T>(members: readonly Member<T>[], random: () => number): Member<T> {
  let total = 0;
  for (const member of members) total += member.weight;
  let mark = random() * total;
  for (const member of members) {
    mark -= member.weight;
    if (mark < 0) return member;
  }
  return members.at(-1) as Member<T>;
}

function load<T>(member: Member<T>): number {
  return member.inFlight / member.weight;
}
