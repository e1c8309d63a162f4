import { type Findings, type Moderator, SEVERITIES, type Severity } from "../../moderator.ts";
import { wireClient } from "../openai-wire/client.ts";
import { inParts, jsonOf } from "./moderation-call.ts";

export interface OpenAiModerationSettings {
  /** With its version path. Default https://api.openai.com/v1. */
  baseUrl?: string;
  apiKey?: string;
  /** Default omni-moderation-latest. */
  model?: string;
}

const MOST_CHARS = 100_000;
/** Scores from which a text that is not flagged is said to be a little so. */
const LOW = 0.2;
const MEDIUM = 0.4;

interface Result {
  categories: Record<string, boolean>;
  category_scores: Record<string, number>;
}

/** OpenAI's moderation endpoint, in the four categories of the guard; what it flags has the severity high. */
export function openAiModerator({
  baseUrl,
  apiKey,
  model = "omni-moderation-latest",
}: OpenAiModerationSettings): Moderator {
  const client = wireClient({
    baseUrl: baseUrl ?? "https://api.openai.com/v1",
    keySource: "api_key under gateway.guards",
    secret: apiKey,
    authorize: (): Record<string, string> => (apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
  });
  const id = "OpenAI moderation";
  return {
    id,
    stepChars: 400,
    moderate: (text, _kind, signal) =>
      inParts(text, MOST_CHARS, async (input) => {
        const call = { method: "POST" as const, path: "/moderations", body: { model, input } };
        const { results } = await jsonOf<{ results: Result[] }>(client, call, { id, signal });
        return findingsOf(results[0] as Result);
      }),
    close: () => client.close(),
  };
}

function findingsOf({ categories, category_scores: scores }: Result): Findings {
  const found: Record<string, Severity> = { hate: "safe", self_harm: "safe", sexual: "safe", violence: "safe" };
  for (const [name, isFlagged] of Object.entries(categories)) {
    // `sexual/minors` is a part of sexual, harassment and illicit are the nearest of the four.
    const [family = ""] = name.replace("-", "_").split("/");
    const category = family === "harassment" ? "hate" : family === "illicit" ? "violence" : family;
    const score = scores[name] ?? 0;
    const severity: Severity = isFlagged ? "high" : score >= MEDIUM ? "medium" : score >= LOW ? "low" : "safe";
    if (SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(found[category] ?? "safe") || !(category in found)) {
      found[category] = severity;
    }
  }
  return Object.fromEntries(Object.entries(found).map(([category, severity]) => [category, { severity }]));
}
