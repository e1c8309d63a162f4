// Settings of the model gateway and of pools of models.

import { z } from "zod";

const limit = z
  .strictObject({
    principal: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Name of a gateway key; `<endpoint>/primary` or `/secondary` for who calls an endpoint with that key, the subject of a token, or `local` for the chat page and commands; `*` counts each one by itself.",
      ),
    flow: z.string().min(1).optional().describe("Name of an endpoint; `*` counts each one by itself."),
    model: z.string().min(1).optional().describe("Name of a model; `*` counts each one by itself."),
    requests_per_minute: z.number().positive().optional().describe("Most calls in a minute."),
    tokens_per_minute: z
      .number()
      .positive()
      .optional()
      .describe("Most tokens in a minute, of prompts and answers together."),
    max_tokens: z.int().positive().optional().describe("Most tokens of one answer; a larger wish is lowered to this."),
    budget_usd: z.number().positive().optional().describe("Most US dollars in a period, by `gateway.prices`."),
    budget_period: z.enum(["day", "month"]).default("month").describe("Period of the budget, in UTC."),
  })
  .refine(
    (rule) =>
      [rule.requests_per_minute, rule.tokens_per_minute, rule.max_tokens, rule.budget_usd].some(
        (value) => value !== undefined,
      ),
    "names no limit: give requests_per_minute, tokens_per_minute, max_tokens or budget_usd",
  )
  .describe("A limit for the calls that fit the principal, flow and model it names; a field left out does not matter.");

const severity = z.enum(["low", "medium", "high", "off"]);

const guard = z
  .discriminatedUnion("moderator", [
    z.strictObject({
      moderator: z.literal("rules"),
      ...guardFields(),
      patterns: z.array(z.string().min(1)).optional(),
    }),
    z.strictObject({
      moderator: z.literal("azure-content-safety"),
      ...guardFields(),
      endpoint: z.url(),
      api_key: z.string().min(1),
    }),
    z.strictObject({
      moderator: z.literal("openai-moderation"),
      ...guardFields(),
      base_url: z.url().optional(),
      api_key: z.string().optional(),
      model: z.string().optional(),
    }),
  ])
  .describe(
    "`moderator`: `rules` (a short built-in list of phrases and your `patterns`; not a classifier), `azure-content-safety` (`endpoint`, `api_key`) or `openai-moderation` (`api_key`). Besides: `models` (names; all when absent), `on` (`prompt`, `completion`; both when absent), `block` (least severity by category hate, self_harm, sexual, violence: low, medium, high, off; medium when absent; jailbreak: off), `annotate`, `hold_back` (characters of a stream kept back, 200), `on_failure` (`block` or `allow`).",
  );

function guardFields() {
  return {
    models: z.array(z.string().min(1)).optional(),
    on: z
      .array(z.enum(["prompt", "completion"]))
      .min(1)
      .default(["prompt", "completion"]),
    block: z
      .partialRecord(z.enum(["hate", "self_harm", "sexual", "violence", "jailbreak", "custom_blocklists"]), severity)
      .default({}),
    annotate: z.boolean().default(false),
    hold_back: z.int().min(0).max(10_000).default(200),
    on_failure: z.enum(["block", "allow"]).default("block"),
  };
}

export const gatewaySchema = z
  .strictObject({
    keys: z
      .array(
        z.strictObject({
          name: z.string().min(1).describe("The program or team, as limits and accounts name it."),
          key: z.string().min(16, "must have at least 16 characters").describe("What it sends; best as `${env:NAME}`."),
          models: z.array(z.string().min(1)).optional().describe("Names of the models it may use; all when absent."),
        }),
      )
      .default([])
      .describe("Programs that may call the models, besides the key that `flowstead gateway get-credentials` prints."),
    aliases: z
      .record(z.string().min(1), z.string().min(1))
      .default({})
      .describe("Other names of models, such as the one that a program has built in."),
    limits: z.array(limit).default([]).describe("Limits and budgets; a call must fit all that apply to it."),
    prices: z
      .record(
        z.string(),
        z.strictObject({
          input: z.number().min(0).describe("US dollars per million tokens of prompts."),
          output: z.number().min(0).optional().describe("US dollars per million tokens of answers."),
        }),
      )
      .default({})
      .describe("Prices by the name of the model, in US dollars per million tokens."),
    guards: z.array(guard).default([]).describe("Checks of prompts and answers, in their order."),
    redis: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Address of a Redis, such as redis://127.0.0.1:6379: limits are then shared by all processes that use it.",
      ),
  })
  .prefault({});

export const poolSchema = z
  .strictObject({
    wait_seconds: z
      .number()
      .min(0)
      .default(10)
      .describe("Longest time that a call waits for a region to be free again."),
    cooldown_seconds: z
      .number()
      .positive()
      .default(5)
      .describe("How long a region is left alone after a 429 that names no time."),
    retry_share: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .describe("Most retries per call over a few seconds; 50 are always allowed."),
    probe_seconds: z
      .number()
      .min(0)
      .default(30)
      .describe("How often each region of a pool is probed by a call that costs nothing; 0 for never."),
    failures: z.int().min(1).default(5).describe("Failures within 30 s that open a region's circuit."),
    open_seconds: z.number().positive().default(5).describe("How long a circuit stays open at first."),
  })
  .prefault({});
