// What a call may use, and what it has used: the one place where limits, budgets and the ledger meet.

import { FlowsteadError } from "../base/error/error.ts";
import type { Budgets } from "./budget.ts";
import type { Ledger } from "./ledger.ts";
import type { Charge, RateLimiter } from "./limit.ts";
import { costMicros, type PriceTable } from "./price.ts";
import { type LimitRule, keyOf, scopeOf, scopeText, type Usage } from "./rule.ts";

export interface MeterOptions {
  rules: readonly LimitRule[];
  prices: PriceTable;
  limiter: RateLimiter;
  budgets: Budgets;
  ledger: Ledger;
  now?: () => number;
}

export interface Used {
  promptTokens: number;
  completionTokens: number;
  /** Whether the provider did not tell and the numbers are counted from what was seen. */
  isEstimated: boolean;
}

/** A call that was let in. Exactly one of the two ends it. */
export interface Admission {
  settle(used: Used): void;
  /** It failed before it used anything: what it took of the tokens is given back. */
  release(): void;
}

export interface Meter {
  /** The smallest `max_tokens` of the rules that apply. */
  maxTokens(usage: Usage): number | undefined;
  /** @throws FlowsteadError `UsageLimitExceeded` with the time to wait, `BudgetExceeded`. */
  admit(usage: Usage, tokens: number): Admission | Promise<Admission>;
}

export function createMeter({ rules, prices, limiter, budgets, ledger, now = Date.now }: MeterOptions): Meter {
  const charged = rules.filter((rule) => rule.requestsPerMinute !== undefined || rule.tokensPerMinute !== undefined);

  const clamping = rules.filter(({ maxTokens }) => maxTokens !== undefined);

  function chargesOf(usage: Usage, tokens: number): { requests: Charge[]; tokens: Charge[] } {
    const charges: { requests: Charge[]; tokens: Charge[] } = { requests: [], tokens: [] };
    for (const rule of charged) {
      const scope = scopeOf(rule, usage);
      if (scope === undefined) continue;
      const { requestsPerMinute, tokensPerMinute } = rule;
      if (requestsPerMinute !== undefined) {
        addCharge(charges.requests, { key: keyOf("requests", scope), perMinute: requestsPerMinute, amount: 1 });
      }
      if (tokensPerMinute !== undefined) {
        addCharge(charges.tokens, { key: keyOf("tokens", scope), perMinute: tokensPerMinute, amount: tokens });
      }
    }
    return charges;
  }

  function admission(usage: Usage, taken: readonly Charge[]): Admission {
    const correct = (used: number): void => {
      // What was really taken is at most the whole bucket.
      const charges = taken
        .map((charge) => ({ ...charge, amount: used - Math.min(charge.amount, charge.perMinute) }))
        .filter(({ amount }) => amount !== 0);
      if (charges.length > 0) void limiter.correct(charges);
    };
    return {
      settle({ promptTokens, completionTokens, isEstimated }) {
        correct(promptTokens + completionTokens);
        const row = {
          at: now(),
          principal: usage.principal,
          flow: usage.flow ?? "",
          model: usage.model,
          prompt_tokens: promptTokens,
          completion_tokens: completionTokens,
          estimated: isEstimated ? 1 : 0,
          cost_micros: costMicros(prices[usage.model], promptTokens, completionTokens),
        };
        ledger.add(row);
        budgets.add(row);
      },
      release: () => correct(0),
    };
  }

  return {
    maxTokens(usage) {
      let least: number | undefined;
      for (const rule of clamping) {
        const { maxTokens } = rule;
        if (maxTokens !== undefined && (least === undefined || maxTokens < least) && scopeOf(rule, usage) !== undefined)
          least = maxTokens;
      }
      return least;
    },
    admit(usage, tokens) {
      budgets.check(usage);
      const charges = chargesOf(usage, tokens);
      const all = [...charges.requests, ...charges.tokens];
      if (all.length === 0) return admission(usage, charges.tokens);
      const taken = limiter.take(all);
      const decide = (result: Awaited<typeof taken>): Admission => {
        if (result.ok) return admission(usage, charges.tokens);
        throw exceeded(result.charge, result.retryAfterMs);
      };
      return taken instanceof Promise ? taken.then(decide) : decide(taken);
    },
  };
}

/** Two rules over one scope share one bucket, which holds what the narrower allows. */
function addCharge(charges: Charge[], added: Charge): void {
  for (const charge of charges) {
    if (charge.key !== added.key) continue;
    charge.perMinute = Math.min(charge.perMinute, added.perMinute);
    return;
  }
  charges.push(added);
}

function exceeded({ key, perMinute }: Charge, retryAfterMs: number): FlowsteadError {
  const [what, scope = ""] = key.split(" ", 2);
  const message = `The limit of ${perMinute} ${what} per minute for ${scopeText(scope)} is reached. Ask again in ${Math.ceil(retryAfterMs / 1000)} s.`;
  return new FlowsteadError("UsageLimitExceeded", message, { retryAfterMs });
}
