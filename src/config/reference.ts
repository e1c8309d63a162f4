// docs/configuration.md, from the schema itself.

import { z } from "zod";
import { configSchema } from "./schema.ts";

interface JsonSchema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
}

/** One row per setting: key, type, default, meaning. */
export function configReference(): string {
  const schema = z.toJSONSchema(configSchema, { io: "input" }) as JsonSchema;
  const rows = Object.entries(schema.properties ?? {}).flatMap(([key, property]) => rowsOf(key, property));
  return [
    "# Configuration",
    "",
    "Settings come from the command line, then the environment, then `flowstead.yaml` in the working folder",
    "(another file with `--config FILE` or `FLOWSTEAD_CONFIG`), then the defaults below. `${env:NAME}` as a value reads the environment.",
    "",
    "| key | type | default | meaning |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    "## Environment",
    "",
    "| variable | meaning |",
    "| --- | --- |",
    "| `FLOWSTEAD_HOME` | state folder, as `home` |",
    "| `FLOWSTEAD_PORT`, `FLOWSTEAD_HOST` | where to listen, as `port` and `host` |",
    "| `FLOWSTEAD_LOG_LEVEL` | as `log.level` |",
    "| `FLOWSTEAD_CONFIG` | the configuration file |",
    "| `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `OPENAI_MODEL`, `OPENAI_ORG_ID` | a model for flows when `models` is empty; the base URL alone is enough for a server without keys |",
    "| `AZURE_OPENAI_ENDPOINT`, `AZURE_OPENAI_API_KEY`, `AZURE_OPENAI_DEPLOYMENT`, `OPENAI_API_VERSION` | the same for Azure OpenAI |",
    "",
    "## A model of your own",
    "",
    "```yaml",
    "models:",
    "  - provider: azure-openai",
    "    endpoint: https://example-east.openai.azure.com",
    "    api_key: ${env:AZURE_KEY}",
    "    deployment: gpt-4o",
    "    region: eastus",
    "  - provider: azure-openai      # a second region, used when the first is out",
    "    endpoint: https://example-west.openai.azure.com",
    "    auth: { type: managed_identity }",
    "    deployment: gpt-4o",
    "    region: westus",
    "    priority: 1",
    "  - name: local                 # another model, which flows name as their connection",
    "    provider: openai            # OpenAI, Ollama, vLLM, llama.cpp: anything that speaks its API",
    "    base_url: http://127.0.0.1:11434/v1",
    "    model: llama3.1",
    "```",
    "",
  ].join("\n");
}

function rowsOf(key: string, schema: JsonSchema): string[] {
  if (schema.properties && schema.type === "object") {
    const inner = Object.entries(schema.properties).flatMap(([name, property]) => rowsOf(`${key}.${name}`, property));
    return schema.description ? [row(key, schema), ...inner] : inner;
  }
  const inner = schema.items?.properties ?? {};
  return [
    row(key, schema),
    ...Object.entries(inner).flatMap(([name, property]) => rowsOf(`${key}[].${name}`, property)),
  ];
}

function row(key: string, schema: JsonSchema): string {
  const fallback = schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``;
  const description = [schema.description, schema.items?.description].filter(Boolean).join(" ");
  return `| \`${key}\` | ${typeOf(schema)} | ${fallback} | ${description.replaceAll("|", "\\|")} |`;
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (schema.type === "array")
    return `list of ${schema.items?.type === "object" ? "entries" : String(schema.items?.type ?? "values")}`;
  if (schema.type === "object") return "map";
  return String(schema.type ?? "any");
}
