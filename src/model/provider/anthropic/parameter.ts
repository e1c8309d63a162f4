// Which settings of chat completions the Messages API can honour. What it cannot is refused by name: who is not told believes
// that it was done. A setting at the value that it has without being set is none.

import { FlowsteadError } from "../../../base/error/error.ts";

export type Parameters = Readonly<Record<string, unknown>>;

/** In the words of the Messages API elsewhere in this folder. */
const TRANSLATED: readonly string[] = [
  "max_tokens",
  "max_completion_tokens",
  "stop",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "response_format",
  "user",
  "safety_identifier",
  "metadata",
  "service_tier",
  "reasoning_effort",
  "output_config",
];

/** Without them the answer is the same, at most later or dearer. */
const HINTS: readonly string[] = ["prediction", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options"];

interface Refusal {
  isUnset: (value: unknown) => boolean;
  why: string;
}

const isFalse = (value: unknown): boolean => value === false;
const isZero = (value: unknown): boolean => value === 0;
const isNever = (): boolean => false;
const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

const REFUSED: Readonly<Record<string, Refusal>> = {
  n: { isUnset: (value) => value === 1, why: "one choice is given for each call; ask several times" },
  functions: { isUnset: isEmpty, why: "use tools" },
  function_call: { isUnset: (value) => value === "none" || value === "auto", why: "use tool_choice" },
  modalities: {
    isUnset: (value) => Array.isArray(value) && value.every((one) => one === "text"),
    why: "it answers with texts only",
  },
  audio: { isUnset: isNever, why: "it answers with texts only" },
  logprobs: { isUnset: isFalse, why: "it does not tell how likely its words are" },
  top_logprobs: { isUnset: isZero, why: "it does not tell how likely its words are" },
  logit_bias: { isUnset: isEmpty, why: "it knows no tokens by number" },
  presence_penalty: { isUnset: isZero, why: "it has no penalties" },
  frequency_penalty: { isUnset: isZero, why: "it has no penalties" },
  seed: { isUnset: isNever, why: "no two of its answers can be made the same" },
  store: { isUnset: isFalse, why: "no answer is kept" },
  verbosity: { isUnset: (value) => value === "medium", why: "say in the prompt how long the answer is to be" },
  web_search_options: { isUnset: isNever, why: "it does not search the web by this setting" },
  moderation: { isUnset: isNever, why: "set a guard under `gateway.guards`" },
  stream_options: {
    isUnset: (value) => (value as { include_obfuscation?: unknown }).include_obfuscation !== true,
    why: "streams cannot be padded: leave out include_obfuscation",
  },
};

const NOT_PASSED: ReadonlySet<string> = new Set([...TRANSLATED, ...HINTS, ...Object.keys(REFUSED)]);

/** Those that the API knows under the same name, or refuses in its own words. @throws FlowsteadError `ModelRejected`. */
export function passedOn(parameters: Parameters): Record<string, unknown> {
  const passed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || value === undefined) continue;
    const refusal = REFUSED[name];
    if (refusal && !refusal.isUnset(value)) throw rejected(name, refusal.why);
    if (!NOT_PASSED.has(name)) passed[name] = value;
  }
  return passed;
}

/** Who is meant, the class of service and how hard to think. @throws FlowsteadError `ModelRejected`. */
export function translated(parameters: Parameters): Record<string, unknown> {
  const { user, safety_identifier: person = user, service_tier: tier, output_config: given } = parameters;
  const effort = effortOf(parameters.reasoning_effort);
  const metadata = metadataOf(parameters.metadata, person);
  const config = { ...(effort === undefined ? {} : { effort }), ...(given as object | undefined) };
  return {
    ...(metadata ? { metadata } : {}),
    ...(tier === undefined || tier === null ? {} : { service_tier: tierOf(tier) }),
    ...(isEmpty(config) ? {} : { output_config: config }),
  };
}

function metadataOf(given: unknown, person: unknown): object | undefined {
  const { user_id = person, ...more } = (given ?? {}) as Record<string, unknown>;
  if (!isEmpty(more))
    throw rejected("metadata", "no answer is kept, and so nothing is kept with one; user_id is taken");
  return typeof user_id === "string" ? { user_id } : undefined;
}

const TIERS: Readonly<Record<string, string>> = {
  auto: "auto",
  default: "standard_only",
  standard_only: "standard_only",
};

function tierOf(tier: unknown): string {
  const known = TIERS[String(tier)];
  if (known === undefined) throw rejected("service_tier", 'there are "auto" and "default"');
  return known;
}

const EFFORTS: ReadonlySet<unknown> = new Set(["low", "medium", "high", "xhigh", "max"]);

function effortOf(effort: unknown): unknown {
  // It does not think unless it is told to.
  if (effort === undefined || effort === null || effort === "none") return undefined;
  if (!EFFORTS.has(effort)) throw rejected("reasoning_effort", `there are none, ${[...EFFORTS].join(", ")}`);
  return effort;
}

export function rejected(param: string, why: string): FlowsteadError {
  return new FlowsteadError("ModelRejected", `${param}: is not taken by Anthropic: ${why}.`, { details: { param } });
}
