// How many instances a deployment should have: by the calls in work over what its instances may take. Up at once, since
// callers wait; down slowly, since a start costs more than an idle instance.

import type { ScaleSettings } from "./specification/deployment-spec.ts";

export type TargetUtilization = Extract<ScaleSettings, { type: "target_utilization" }>;

/** So many polls in a row must find too many instances before one leaves. */
const POLLS_BEFORE_SCALE_IN = 20;

export interface Load {
  /** Instances wanted so far. */
  count: number;
  /** Calls in work or waiting. */
  pending: number;
  /** Calls that one instance may take. */
  perInstance: number;
}

export type ScaleBounds = Pick<TargetUtilization, "minInstances" | "maxInstances" | "targetUtilizationPercentage">;

/** A function that is asked once per poll and says how many instances there should be. */
export function scaler(): (load: Load, bounds: ScaleBounds) => number {
  let idlePolls = 0;
  return ({ count, pending, perInstance }, { minInstances, maxInstances, targetUtilizationPercentage }) => {
    const needed = Math.ceil(pending / (perInstance * (targetUtilizationPercentage / 100)));
    const wanted = Math.min(maxInstances, Math.max(minInstances, needed));
    if (wanted >= count || count > maxInstances) {
      idlePolls = 0;
      return wanted;
    }
    if (++idlePolls < POLLS_BEFORE_SCALE_IN) return count;
    idlePolls = 0;
    return count - 1;
  };
}
