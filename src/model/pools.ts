import type { Logger } from "../base/log.ts";
import { mustAgree } from "./agree.ts";
import { type BalancedMember, type BalancedModel, balancedModel } from "./balanced.ts";
import type { PoolSettings } from "./member-pool.ts";
import { type ModelSettings, openModel, servedModel } from "./provider/index.ts";

/** One pool per name; entries of a name are its members. @throws FlowsteadError `InvalidConfig` for members that differ. */
export function openModelPools(
  entries: readonly ModelSettings[],
  log: Logger,
  { health, ...settings }: PoolSettings = {},
): Map<string, BalancedModel> {
  const groups = new Map<string, ModelSettings[]>();
  for (const entry of entries) {
    const { name = "default" } = entry;
    groups.set(name, [...(groups.get(name) ?? []), entry]);
  }
  for (const [name, group] of groups) {
    const where = `models: the entries of pool "${name}"`;
    mustAgree(group, {
      where,
      what: "serves",
      of: servedModel,
      advice: "Give the entries names of their own, or the same `serves` when they are the same model and version.",
    });
    mustAgree(group, {
      where,
      what: "residency",
      of: ({ residency }) => residency ?? "",
      advice: "Give the entries names of their own, or one `residency` for all of them.",
    });
  }
  const pools = new Map<string, BalancedModel>();
  for (const [name, group] of groups) {
    const members = group.map((entry): BalancedMember => {
      const { priority, weight, region } = entry;
      return { model: openModel(entry, { log }), priority, weight, region };
    });
    // One that is alone is asked whatever a probe says.
    pools.set(name, balancedModel(members, { log, ...settings, health: members.length > 1 ? health : undefined }));
  }
  return pools;
}
