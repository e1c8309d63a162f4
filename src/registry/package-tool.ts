// The package tools that flows can name, described as `tool list` and `flow.tools.json` describe them.

import type { Value, ValueMap } from "../base/value.ts";

interface ToolInput {
  type: string[];
  default?: Value;
  enum?: string[];
}

interface PackageTool {
  id: string;
  name: string;
  description: string;
  type: "python" | "custom_llm";
  inputs: Record<string, ToolInput>;
}

const MODEL_CONNECTIONS = ["AzureOpenAIConnection", "OpenAIConnection", "ServerlessConnection"];
const text = (fallback?: string): ToolInput =>
  fallback === undefined ? { type: ["string"] } : { type: ["string"], default: fallback };

const TOOLS: readonly PackageTool[] = [
  {
    id: "promptflow.tools.embedding.embedding",
    name: "Embedding",
    description: "The vector that an embedding model gives for a text.",
    type: "python",
    inputs: { connection: { type: MODEL_CONNECTIONS }, deployment_name: text(), model: text(), input: text() },
  },
  {
    id: "promptflow_vectordb.tool.common_index_lookup.search",
    name: "Index Lookup",
    description: "The passages of an index that fit a question best.",
    type: "python",
    inputs: {
      mlindex_content: text(),
      queries: { type: ["object"] },
      query_type: {
        type: ["string"],
        default: "Hybrid (vector + keyword)",
        enum: ["Keyword", "Vector", "Hybrid (vector + keyword)"],
      },
      top_k: { type: ["int"], default: 3 },
    },
  },
];

const SENSITIVITY: ToolInput = {
  type: ["string"],
  default: "medium_sensitivity",
  enum: ["disable", "low_sensitivity", "medium_sensitivity", "high_sensitivity"],
};
const number = (type: string, fallback: Value = ""): ToolInput => ({ type: [type], default: fallback });
const SAMPLING = { temperature: number("double", 1), top_p: number("double", 1), stop: number("list") };
const PENALTIES = { presence_penalty: number("double"), frequency_penalty: number("double") };
const VISION = {
  ...SAMPLING,
  ...PENALTIES,
  max_tokens: number("int"),
  seed: number("int"),
  detail: { type: ["string"], enum: ["low", "high", "auto"], default: "auto" },
};

const SERVICE_TOOLS: readonly PackageTool[] = [
  {
    id: "promptflow.tools.llm.llm",
    name: "LLM",
    description: "A language model's answer to a chat, or its completion of a text.",
    type: "custom_llm",
    inputs: {
      connection: { type: MODEL_CONNECTIONS },
      api: { ...text("chat"), enum: ["chat", "completion"] },
      deployment_name: text(),
      model: text(),
      ...SAMPLING,
      ...PENALTIES,
      max_tokens: number("int"),
      response_format: number("object"),
      seed: number("int"),
      tools: number("list", []),
      tool_choice: number("object"),
    },
  },
  {
    id: "promptflow.tools.aoai_gpt4v.AzureOpenAI.chat",
    name: "Azure OpenAI GPT-4 Turbo with Vision",
    description: "An Azure OpenAI model's answer to a chat with images.",
    type: "custom_llm",
    inputs: { connection: { type: ["AzureOpenAIConnection"] }, deployment_name: text(), ...VISION },
  },
  {
    id: "promptflow.tools.openai_gpt4v.OpenAI.chat",
    name: "OpenAI GPT-4V",
    description: "An OpenAI model's answer to a chat with images.",
    type: "custom_llm",
    inputs: { connection: { type: ["OpenAIConnection"] }, model: text("gpt-4-vision-preview"), ...VISION },
  },
  {
    id: "promptflow.tools.open_model_llm.OpenModelLLM.call",
    name: "Open Model LLM",
    description: "The answer of a model of the Azure catalog, behind a custom connection.",
    type: "custom_llm",
    inputs: {
      endpoint_name: text(),
      deployment_name: text(""),
      api: { type: ["string"], enum: ["chat", "completion"] },
      temperature: number("double", 1),
      max_new_tokens: number("int", 500),
      top_p: number("double", 1),
      model_kwargs: number("object", "{}"),
    },
  },
  {
    id: "promptflow.tools.azure_content_safety.analyze_text",
    name: "Content Safety (Text Analyze)",
    description: "What a content safety service says of a text, and whether to reject it.",
    type: "python",
    inputs: {
      connection: { type: ["AzureContentSafetyConnection"] },
      text: text(),
      hate_category: SENSITIVITY,
      sexual_category: SENSITIVITY,
      self_harm_category: SENSITIVITY,
      violence_category: SENSITIVITY,
    },
  },
  {
    id: "promptflow.tools.serpapi.SerpAPI.search",
    name: "Serp API",
    description: "What a web search finds.",
    type: "python",
    inputs: {
      connection: { type: ["SerpConnection"] },
      query: text(),
      engine: { ...text("google"), enum: ["google", "bing"] },
      location: text(""),
      num: number("int", 10),
      safe: { ...text("off"), enum: ["active", "off"] },
    },
  },
];

/** By id, in the original's form. */
export function packageTools(): Record<string, ValueMap> {
  return Object.fromEntries([...TOOLS, ...SERVICE_TOOLS].map(({ id, ...tool }) => [id, describe(id, tool)]));
}

function describe(id: string, { name, description, type, inputs }: Omit<PackageTool, "id">): ValueMap {
  const parts = id.split(".");
  const method = parts.pop() ?? "";
  const last = parts.at(-1) ?? "";
  const className = /^[A-Z]/.test(last) ? parts.pop() : undefined;
  return {
    name,
    description,
    type,
    module: parts.join("."),
    ...(className === undefined ? {} : { class_name: className }),
    function: method,
    inputs: inputs as unknown as ValueMap,
  };
}
