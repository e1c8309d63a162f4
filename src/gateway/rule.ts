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

/** The name under which a rule counts a call, or undefined when the rule does not apply. */
export function scopeOf(rule: LimitRule, usage: Usage): string | undefined {
  let scope = "";
  for (const field of FIELDS) {
    const wanted = rule[field];
    if (wanted === undefined) continue;
    const value = usage[field] ?? "";
    if (wanted === "*" ? value === "" : wanted !== value) return undefined;
    scope += `${scope && "&"}${field}=${encoded(value)}`;
  }
  return scope || "all";
}

const MOST_NAMES = 1000;
const names = new Map<string, string>();

/** Asked several times for each call, about few names. */
function encoded(name: string): string {
  let text = names.get(name);
  if (text === undefined) {
    if (names.size >= MOST_NAMES) names.clear();
    names.set(name, (text = encodeURIComponent(name)));
  }
  return text;
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
