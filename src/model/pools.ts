import type { Logger } from "../base/log.ts";
import { type BalancedMember, type BalancedModel, balancedModel } from "./balanced.ts";
import { type ModelSettings, openModel } from "./provider/index.ts";

/** One pool per name; entries of a name are its members. */
export function openModelPools(entries: readonly ModelSettings[], log: Logger): Map<string, BalancedModel> {
  const members = new Map<string, BalancedMember[]>();
  for (const settings of entries) {
    const { name = "default", priority, weight, region } = settings;
    const group = members.get(name) ?? [];
    group.push({ model: openModel(settings, { log }), priority, weight, region });
    members.set(name, group);
  }
  return new Map([...members].map(([name, group]) => [name, balancedModel(group, { log })]));
}
