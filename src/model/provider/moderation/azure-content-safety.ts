// Azure AI Content Safety: categories by `text:analyze`, and attacks in prompts by `text:shieldPrompt`.

import { FlowsteadError } from "../../../base/error/error.ts";
import { type Findings, type Moderator, SEVERITIES, type Severity } from "../../moderator.ts";
import { wireClient } from "../openai-wire/client.ts";
import { inParts, jsonOf } from "./moderation-call.ts";

export interface ContentSafetySettings {
  endpoint: string;
  apiKey: string;
}

const VERSION = "api-version=2024-09-01";
const MOST_CHARS = 10_000;
const NAMES: Record<string, string> = { Hate: "hate", SelfHarm: "self_harm", Sexual: "sexual", Violence: "violence" };

export function contentSafetyModerator({ endpoint, apiKey }: ContentSafetySettings): Moderator {
  const client = wireClient({
    baseUrl: `${endpoint.replace(/\/+$/, "")}/contentsafety`,
    keySource: "api_key under gateway.guards",
    secret: apiKey,
    authorize: () => ({ "ocp-apim-subscription-key": apiKey }),
  });
  const id = "Azure AI Content Safety";

  async function analyze(text: string, signal: AbortSignal): Promise<Findings> {
    const body = { text, categories: Object.keys(NAMES), outputType: "FourSeverityLevels" };
    const call = { method: "POST" as const, path: `/text:analyze?${VERSION}`, body };
    const answer = await jsonOf<{ categoriesAnalysis: { category: string; severity: number }[] }>(client, call, {
      id,
      signal,
    });
    return Object.fromEntries(
      answer.categoriesAnalysis.map(({ category, severity }) => [
        NAMES[category] ?? category,
        { severity: severityOf(severity) },
      ]),
    );
  }

  async function shield(userPrompt: string, signal: AbortSignal): Promise<Findings> {
    const call = {
      method: "POST" as const,
      path: `/text:shieldPrompt?${VERSION}`,
      body: { userPrompt, documents: [] },
    };
    const answer = await jsonOf<{ userPromptAnalysis: { attackDetected: boolean } }>(client, call, { id, signal });
    return { jailbreak: { detected: answer.userPromptAnalysis.attackDetected } };
  }

  return {
    id,
    stepChars: 400,
    moderate: (text, kind, signal) =>
      inParts(text, MOST_CHARS, async (part) => {
        const checks = kind === "prompt" ? [analyze(part, signal), shield(part, signal)] : [analyze(part, signal)];
        return Object.assign({}, ...(await Promise.all(checks))) as Findings;
      }),
    close: () => client.close(),
  };
}

/** 0, 2, 4 and 6. */
function severityOf(level: number): Severity {
  const severity = SEVERITIES[Math.ceil(level / 2)];
  if (severity !== undefined) return severity;
  throw new FlowsteadError("ModerationFailed", `Azure AI Content Safety answered with a severity of ${level}.`);
}
