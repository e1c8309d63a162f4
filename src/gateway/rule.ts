// Limits as they are written, and which of them a call meets.

import type { Caller } from "../model/chat-model.ts";

/**
 * One limit. It applies to calls that fit every field named; `*` fits each value and counts it by itself, a field that is
 * absent does not matter.
 */
export interface LimitRule {
  principal?: string | undefined;
  flow?: string | undefined;
  model?: string | undefined;
  requestsPerMinute?: number | undefined;
  tokensPerMinute?: number | undefined;
  /** Most tokens of one answer; a larger wish is lowered to this. */
  maxTokens?: number | undefined;
  budgetUsd?: number | undefined;
  /** Default month. Days and months are UTC's. */
  budgetPeriod?: "day" | "month" | undefined;
}

/** Who calls which model. */
export interface Usage extends Caller {
  model: string;
}

const FIELDS = ["principal", "flow", "model"] as const;

interface Asked extends Usage {
  scope: string | undefined;
}

/** Of each rule: the same callers come again and again. */
const lately = new WeakMap<LimitRule, Asked>();

/** The name under which a rule counts a call, or undefined when the rule does not apply. */
export function scopeOf(rule: LimitRule, usage: Usage): string | undefined {
  const { principal, flow, model } = usage;
  const last = lately.get(rule);
  if (last && last.principal === principal && last.model === model && last.flow === flow) return last.scope;
  const scope = madeScope(rule, usage);
  lately.set(rule, { principal, flow, model, scope });
  return scope;
}

function madeScope(rule: LimitRule, usage: Usage): string | undefined {
  let scope = "";
  for (const field of FIELDS) {
    const wanted = rule[field];
    if (wanted === undefined) continue;
    const value = usage[field] ?? "";
    if (wanted === "*" ? value === "" : wanted !== value) return undefined;
    scope += `${scope && "&"}${field}=${encodeURIComponent(value)}`;
  }
  return scope || "all";
}

const MOST_KEYS = 1000;
const keys = new Map<string, Map<string, string>>();

/** What is counted, such as `requests` or a month, and for whom. The same text each time, whose hash is known then. */
export function keyOf(what: string, scope: string): string {
  let own = keys.get(what);
  if (!own) {
    if (keys.size >= MOST_KEYS) keys.clear();
    keys.set(what, (own = new Map()));
  }
  let key = own.get(scope);
  if (key === undefined) {
    if (own.size >= MOST_KEYS) own.clear();
    own.set(scope, (key = `${what} ${scope}`));
  }
  return key;
}

/** A scope for people: `principal team-a, model gpt-4o`. */
export function scopeText(scope: string): string {
  if (scope === "all") return "all callers";
  return scope
    .split("&")
    .map((part) => {
      const [field, value = ""] = part.split("=");
      return `${field} "${decodeURIComponent(value)}"`;
    })
    .join(", ");
}
