import type { SideName } from "./gateway-side.ts";
import { round } from "./statistic.ts";

/** What one side took under one load. */
export interface Measured {
  /** Of its process for each call, of each round. */
  cpuUs: readonly number[];
  /** Undefined where whole answers only are timed. */
  firstP50Ms?: number | undefined;
  p50Ms: number;
  p99Ms: number;
}

/** Told on standard error, and for the JSON line: the quietest round of each side, and times beside those without any gateway. */
export function report(name: string, results: ReadonlyMap<SideName, Measured>): Record<string, unknown> {
  const direct = results.get("direct") as Measured;
  const least = (side: SideName): number | undefined => {
    const values = results.get(side)?.cpuUs;
    return values && values.length > 0 ? round(Math.min(...values)) : undefined;
  };
  const ratio = (side: SideName, to: SideName): number | undefined => {
    const [own, other] = [least(side), least(to)];
    return own === undefined || other === undefined ? undefined : Math.round((own / other) * 1000) / 1000;
  };
  const added = (own: number | undefined, without: number | undefined): number | undefined =>
    own === undefined || without === undefined ? undefined : round(own - without);
  const sides: Record<string, unknown> = {};
  console.error(`\n  ${name}`);
  for (const [side, { firstP50Ms, p50Ms, p99Ms }] of results) {
    if (side === "direct") continue;
    const entry = {
      cpuUsPerCall: least(side),
      ratioToNginx: ratio(side, "nginx"),
      ratioToPortkey: ratio(side, "portkey"),
      addedFirstByteMs: added(firstP50Ms, direct.firstP50Ms),
      addedP50Ms: added(p50Ms, direct.p50Ms),
      addedP99Ms: added(p99Ms, direct.p99Ms),
    };
    sides[side] = entry;
    console.error(`    ${side.padEnd(22)}${JSON.stringify(entry)}`);
  }
  return sides;
}
