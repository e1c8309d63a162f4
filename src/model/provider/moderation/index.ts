// The list of moderators. Adding one is one file beside this one, and one line here.

import type { Moderator } from "../../moderator.ts";
import { type ContentSafetySettings, contentSafetyModerator } from "./azure-content-safety.ts";
import { type OpenAiModerationSettings, openAiModerator } from "./openai-moderation.ts";
import { type RulesSettings, rulesModerator } from "./rules.ts";

export type ModeratorSettings =
  | ({ moderator: "rules" } & RulesSettings)
  | ({ moderator: "azure-content-safety" } & ContentSafetySettings)
  | ({ moderator: "openai-moderation" } & OpenAiModerationSettings);

export function openModerator(settings: ModeratorSettings): Moderator {
  switch (settings.moderator) {
    case "azure-content-safety":
      return contentSafetyModerator(settings);
    case "openai-moderation":
      return openAiModerator(settings);
    default:
      return rulesModerator(settings);
  }
}
