// The gateway from its configuration: every model of the system passes here, whoever calls it.

import type { Logger } from "../base/log.ts";
import type { Config } from "../config/schema.ts";
import type { BalancedModel } from "../model/balanced.ts";
import type { ChatModel } from "../model/chat-model.ts";
import type { Embedder } from "../model/embedder.ts";
import { type GuardPolicy, guardedModel } from "../model/guarded.ts";
import type { Moderator } from "../model/moderator.ts";
import { type ModeratorSettings, openModerator } from "../model/provider/index.ts";
import { openBudgets } from "./budget.ts";
import type { Ledger } from "./ledger.ts";
import { createMeter, type Meter } from "./meter.ts";
import { meteredEmbedder, meteredModel } from "./metered.ts";
import { openRateLimiter } from "./provider/index.ts";
import type { LimitRule } from "./rule.ts";

export interface Governance {
  readonly meter: Meter;
  readonly ledger: Ledger;
  /** The pools with limits, accounts and guards around them. */
  readonly models: ReadonlyMap<string, BalancedModel>;
  /** The same for a model that is not of the configuration, such as one behind a connection. */
  govern<Model extends ChatModel>(model: Model, name: string): Model;
  governEmbedder(embedder: Embedder, name: string): Embedder;
  /** What works less well than it is configured to, and what to do. */
  degraded(): { name: string; reason: string }[];
  close(): Promise<void>;
}

export interface GovernanceOptions {
  config: Readonly<Config["gateway"]>;
  pools: ReadonlyMap<string, BalancedModel>;
  /** Closed with the rest. */
  ledger: Ledger;
  log: Logger;
}

export async function openGovernance({ config, pools, ledger, log }: GovernanceOptions): Promise<Governance> {
  const rules = config.limits.map(ruleOf);
  const budgets = await openBudgets(rules, ledger);
  const limiter = await openRateLimiter({ redis: config.redis, log });
  const meter = createMeter({ rules, prices: config.prices, limiter, budgets, ledger });
  const guards = config.guards.map((entry) => ({
    models: entry.models && new Set(entry.models),
    policy: policyOf(entry),
    moderator: openModerator(moderatorOf(entry)),
  }));
  // Guards stand outside: what they stop in an answer has been generated, and is counted.
  const govern = <Model extends ChatModel>(model: Model, name: string): Model =>
    guards
      .filter(({ models }) => !models || models.has(name))
      .reduce(
        (inner, { moderator, policy }) => guardedModel(inner, { moderator, policy, log }),
        meteredModel(model, name, meter),
      );
  return {
    meter,
    ledger,
    models: new Map([...pools].map(([name, pool]) => [name, govern(pool, name)])),
    govern,
    governEmbedder: (embedder, name) => meteredEmbedder(embedder, name, meter),
    degraded() {
      const reason = limiter.problem();
      return reason === undefined ? [] : [{ name: "limits", reason }];
    },
    async close() {
      await ledger.close();
      await limiter.close();
      await Promise.all(guards.map(({ moderator }: { moderator: Moderator }) => moderator.close()));
    },
  };
}

type GuardEntry = Readonly<Config["gateway"]["guards"][number]>;

function policyOf({ on, block, annotate, hold_back, on_failure }: GuardEntry): GuardPolicy {
  return { on, block, annotate, holdBackChars: hold_back, onFailure: on_failure };
}

function moderatorOf(entry: GuardEntry): ModeratorSettings {
  switch (entry.moderator) {
    case "azure-content-safety":
      return { moderator: entry.moderator, endpoint: entry.endpoint, apiKey: entry.api_key };
    case "openai-moderation":
      return { moderator: entry.moderator, baseUrl: entry.base_url, apiKey: entry.api_key, model: entry.model };
    default:
      return { moderator: entry.moderator, patterns: entry.patterns };
  }
}

function ruleOf(entry: Readonly<Config["gateway"]["limits"][number]>): LimitRule {
  return {
    principal: entry.principal,
    flow: entry.flow,
    model: entry.model,
    requestsPerMinute: entry.requests_per_minute,
    tokensPerMinute: entry.tokens_per_minute,
    maxTokens: entry.max_tokens,
    budgetUsd: entry.budget_usd,
    budgetPeriod: entry.budget_period,
  };
}
