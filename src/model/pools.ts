import { FlowsteadError } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import { type BalancedMember, type BalancedModel, type BalancedOptions, balancedModel } from "./balanced.ts";
import { type ModelSettings, openModel, servedModel } from "./provider/index.ts";

export type PoolSettings = Pick<BalancedOptions, "waitMs" | "cooldownMs" | "breaker" | "health" | "retryShare">;

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
    mustAgree(name, group, { what: "serves", of: servedModel });
    mustAgree(name, group, { what: "residency", of: ({ residency }) => residency ?? "" });
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

/** An answer must not depend on which region was free, and data must not leave where they may be. */
function mustAgree(
  pool: string,
  group: readonly ModelSettings[],
  { what, of }: { what: "serves" | "residency"; of: (entry: ModelSettings) => string | undefined },
): void {
  const values = [...new Set(group.map(of).filter((value) => value !== undefined))];
  if (values.length < 2) return;
  const found = values.map((value) => (value === "" ? "none" : `"${value}"`)).join(", ");
  const advice =
    what === "serves"
      ? "Give the entries names of their own, or the same `serves` when they are the same model and version."
      : "Give the entries names of their own, or one `residency` for all of them.";
  throw new FlowsteadError(
    "InvalidConfig",
    `models: the entries of pool "${pool}" differ in ${what}: ${found}. ${advice}`,
  );
}
