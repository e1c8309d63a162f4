import type { ErrorRow } from "./row.ts";

export const GATEWAY_ERRORS = {
  UsageLimitExceeded: {
    actor: "caller",
    status: 429,
    retryable: false,
    meaning: "A limit of requests or tokens per minute is reached for this caller, flow or model.",
    remedy: "Wait as long as Retry-After says, or raise the limit under gateway.limits in flowstead.yaml.",
    chain: "UserError/OpenAIError/RateLimitError",
  },
  BudgetExceeded: {
    actor: "operator",
    status: 429,
    retryable: false,
    meaning: "The budget of this caller, flow or model is used up for the day or month.",
    remedy:
      "Wait for the next period, or raise budget_usd under gateway.limits; `flowstead usage` shows what it went to.",
    chain: "UserError/OpenAIError/RateLimitError",
  },
  ModerationFailed: {
    actor: "operator",
    status: 502,
    retryable: true,
    meaning: "The service that checks texts did not answer, and nothing passes unchecked.",
    remedy: "Check the moderator's endpoint and key under gateway.guards, or set on_failure to allow.",
    chain: "UserError/LLMError",
  },
} satisfies Record<string, ErrorRow>;
