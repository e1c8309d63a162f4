// The built-in default: a short list of rules. NOT a classifier: it knows phrases, not meanings, and is no shield against
// somebody who means it. It is here so that the contract works, and can be tested, before a moderation service is configured.

import { FlowsteadError } from "../../../base/error/error.ts";
import { type Findings, type Moderator, SEVERITIES, type Severity } from "../../moderator.ts";

export interface RulesSettings {
  /** Further expressions that stop a text, without regard to case. */
  patterns?: readonly string[];
}

const GAP = "[\\s\\S]{0,40}?";

const RULES: readonly [category: string, severity: Severity, pattern: RegExp][] = [
  [
    "violence",
    "high",
    new RegExp(
      `\\b(?:how (?:to|do i|can i)|instructions for|steps to)\\b${GAP}\\b(?:bomb|explosives?|nerve agent|nerve gas|grenade)`,
      "i",
    ),
  ],
  [
    "violence",
    "high",
    new RegExp(
      `\\b(?:how (?:to|do i|can i)|help me)\\b${GAP}\\b(?:kill|murder|poison|stab)\\b${GAP}\\b(?:him|her|them|someone|somebody|people|wife|husband|neighbou?r)`,
      "i",
    ),
  ],
  [
    "violence",
    "medium",
    /\b(?:i will|i'm going to|i am going to) (?:kill|shoot|stab|hurt) (?:you|him|her|them|everyone)\b/i,
  ],
  [
    "self_harm",
    "high",
    /\b(?:how (?:to|do i|can i)|best way to|painless way to)\b[\s\S]{0,40}?\b(?:kill myself|commit suicide|end my life|hang myself|cut myself)\b/i,
  ],
  ["self_harm", "medium", /\bi (?:want|am going|plan) to (?:die|kill myself|end my life|hurt myself)\b/i],
  [
    "hate",
    "high",
    /\b(?:exterminate|gas|lynch|wipe out) (?:all |the |every )+(?:\w+ ){0,2}(?:people|jews|muslims|christians|blacks|whites|gays|immigrants|women|men)\b/i,
  ],
  [
    "hate",
    "medium",
    /\ball (?:jews|muslims|christians|blacks|whites|gays|immigrants|women|men) (?:are|should be) (?:vermin|animals|scum|subhuman|killed|removed)\b/i,
  ],
  [
    "sexual",
    "high",
    /\b(?:sexual|porn\w*|nude)\b[\s\S]{0,30}?\b(?:child|children|minor|minors|underage)\b|\b(?:child|underage)\b[\s\S]{0,30}?\b(?:porn\w*|sex)\b/i,
  ],
  ["sexual", "medium", /\b(?:write|describe|generate)\b[\s\S]{0,40}?\b(?:porn\w*|explicit sex|hardcore sex)\b/i],
];

const JAILBREAK: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget)\b.{0,20}\b(?:all|any|every|your|the|previous|prior|above)\b.{0,20}\b(?:instructions?|rules|guidelines|prompts?)\b/i,
  /\b(?:reveal|print|show|repeat|output)\b.{0,20}\b(?:your|the)\b.{0,10}\b(?:system prompt|system message|hidden instructions|initial instructions)\b/i,
  /\byou are (?:now )?(?:DAN\b|an? (?:unrestricted|unfiltered|jailbroken|uncensored))/i,
  /\b(?:developer|god|DAN|jailbreak) mode (?:on|enabled|activated)\b/i,
];

/** @throws FlowsteadError `InvalidConfig` for a pattern that is no regular expression. */
export function rulesModerator({ patterns = [] }: RulesSettings = {}): Moderator {
  const own = patterns.map(compile);
  return {
    id: "rules",
    stepChars: 1,
    moderate(text, kind) {
      const found: Record<string, Severity> = { hate: "safe", self_harm: "safe", sexual: "safe", violence: "safe" };
      for (const [category, severity, pattern] of RULES) {
        const isWorse = SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(found[category] as Severity);
        if (isWorse && pattern.test(text)) found[category] = severity;
      }
      const findings: Findings = Object.fromEntries(
        Object.entries(found).map(([category, severity]) => [category, { severity }]),
      );
      if (kind === "prompt") findings.jailbreak = { detected: JAILBREAK.some((pattern) => pattern.test(text)) };
      if (own.length > 0) findings.custom_blocklists = { detected: own.some((pattern) => pattern.test(text)) };
      return findings;
    },
    close: async () => {},
  };
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern, "iu");
  } catch (cause) {
    throw new FlowsteadError(
      "InvalidConfig",
      `gateway.guards: "${pattern}" is no regular expression: ${(cause as Error).message}.`,
      { cause },
    );
  }
}
