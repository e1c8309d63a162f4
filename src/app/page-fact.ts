// What the chat page says of the system before the first question.

import { readFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "../base/package-root.ts";
import type { Config } from "../config/schema.ts";
import type { BalancedModel } from "../model/balanced.ts";
import { isLanguageModel } from "../model/provider/index.ts";

export interface ModelFacts {
  id: string;
  isLanguageModel: boolean;
  notice?: string;
}

const EXTRACTIVE_NOTICE =
  "Answers come from the built-in extractive model. It is not a language model: it quotes sentences of the documents and writes nothing of its own. " +
  "To use a language model, set OPENAI_API_KEY, or OPENAI_BASE_URL for a local server such as Ollama, or the AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_API_KEY and AZURE_OPENAI_DEPLOYMENT variables, and start again.";

/** Questions on the empty page: the configured ones, or for the sample documents those that go with them. */
export function exampleQuestions({ chat, documents }: Readonly<Config>): string[] {
  if (chat.examples) return [...chat.examples];
  if (documents.folder !== undefined) return [];
  return JSON.parse(readFileSync(path.join(packageRoot(), "examples/starter-questions.json"), "utf8")) as string[];
}

export function modelFacts(config: Readonly<Config>, models: ReadonlyMap<string, BalancedModel>): ModelFacts {
  const id = models.get("default")?.id ?? [...models.keys()].join(", ");
  const written = config.models.some((entry) => entry.name === "default" && isLanguageModel(entry));
  return written ? { id, isLanguageModel: true } : { id, isLanguageModel: false, notice: EXTRACTIVE_NOTICE };
}
