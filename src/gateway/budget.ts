// What has been spent in the current day or month under each scope that has a budget.

import { FlowsteadError } from "../base/error/error.ts";
import { dayOf } from "./day.ts";
import type { Ledger, UsageRow } from "./ledger.ts";
import { type LimitRule, keyOf, scopeOf, scopeText, type Usage } from "./rule.ts";

export interface Budgets {
  /** @throws FlowsteadError `BudgetExceeded`. */
  check(usage: Usage): void;
  add(row: UsageRow): void;
}

/** Budgets go on from what the ledger holds, so a restart forgets nothing. */
export async function openBudgets(
  rules: readonly LimitRule[],
  ledger: Ledger,
  now: () => number = Date.now,
): Promise<Budgets> {
  const limited = rules.filter(({ budgetUsd }) => budgetUsd !== undefined);
  const spent = new Map<string, number>();
  const budgetOf = (rule: LimitRule, usage: Usage, day: string): string | undefined => {
    const scope = scopeOf(rule, usage);
    return scope === undefined ? undefined : keyOf(rule.budgetPeriod === "day" ? day : day.slice(0, 7), scope);
  };
  const add = (usage: Usage, micros: number, day: string): void => {
    // Two rules over one scope and period share one sum.
    const keys: string[] = [];
    for (const rule of limited) {
      const key = budgetOf(rule, usage, day);
      if (key === undefined || keys.includes(key)) continue;
      keys.push(key);
      spent.set(key, (spent.get(key) ?? 0) + micros);
    }
  };
  if (limited.length > 0) {
    const month = `${dayOf(now()).slice(0, 7)}-01`;
    for (const sum of await ledger.sums(["principal", "flow", "model", "day"], month))
      add(sum, sum.cost_micros, sum.day);
  }
  return {
    check(usage) {
      if (limited.length === 0) return;
      const day = dayOf(now());
      for (const rule of limited) {
        const key = budgetOf(rule, usage, day);
        if (key === undefined || (spent.get(key) ?? 0) < (rule.budgetUsd as number) * 1e6) continue;
        const period = rule.budgetPeriod === "day" ? "today" : "this month";
        throw new FlowsteadError(
          "BudgetExceeded",
          `The budget of ${rule.budgetUsd} USD ${period} for ${scopeText(scopeOf(rule, usage) ?? "all")} is used up.`,
          { details: { upstreamCode: "insufficient_quota" } },
        );
      }
    },
    add: (row) => {
      if (limited.length > 0) add(row, row.cost_micros, dayOf(row.at));
    },
  };
}
