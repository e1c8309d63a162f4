// Azure AI Content Safety and OpenAI's moderation, by words that the script calls bad.

import type { ServerResponse } from "node:http";
import type { FakeScript } from "./script.ts";
import { sendJson } from "./send.ts";

export type ModerationRoute = "moderations" | "text:analyze" | "text:shieldPrompt";

export function answerModeration(
  name: ModerationRoute,
  response: ServerResponse,
  { fields, script }: { fields: Record<string, unknown>; script: FakeScript },
): "complete" {
  const given = fields.input ?? fields.text ?? fields.userPrompt;
  const text = typeof given === "string" ? given.toLowerCase() : "";
  const found = (script.badWords ?? []).filter(({ word }) => text.includes(word.toLowerCase()));
  const levelOf = (category: string): number =>
    Math.max(0, ...found.filter((one) => one.category === category).map((one) => one.level));
  if (name === "text:shieldPrompt") {
    return sendJson(response, 200, {
      userPromptAnalysis: { attackDetected: levelOf("jailbreak") > 0 },
      documentsAnalysis: [],
    });
  }
  if (name === "text:analyze") {
    const names = { Hate: "hate", SelfHarm: "self_harm", Sexual: "sexual", Violence: "violence" };
    const categoriesAnalysis = Object.entries(names).map(([category, own]) => ({ category, severity: levelOf(own) }));
    return sendJson(response, 200, { blocklistsMatch: [], categoriesAnalysis });
  }
  const names = { hate: "hate", "self-harm": "self_harm", sexual: "sexual", violence: "violence" };
  const scores = Object.entries(names).map(([category, own]) => [category, levelOf(own) / 6] as const);
  const categories = Object.fromEntries(scores.map(([category, score]) => [category, score >= 0.5]));
  const result = {
    flagged: Object.values(categories).includes(true),
    categories,
    category_scores: Object.fromEntries(scores),
  };
  return sendJson(response, 200, { id: "modr-fake", model: "omni-moderation-latest", results: [result] });
}
