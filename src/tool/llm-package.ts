// The original's language model tools under the names of their package: the node names its connection among its inputs, and
// brings its prompt as a file (package_with_prompt) or as an input.

import { FlowsteadError } from "../base/error/error.ts";
import { pyStr } from "../base/value.ts";
import type { Connection } from "../connection/connection.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { type ToolParameter, convertLiterals } from "../flow/literal.ts";
import type { NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import { compilePrompt, prepareLlm } from "./llm-call.ts";
import { type LlmKind, type LlmProvider, llmParameters, providerOf } from "./llm-parameter.ts";
import { literalText, packageConnection } from "./package-input.ts";
import { callerInputs, readTemplate, refuseReserved } from "./template-source.ts";

const MODULE = "promptflow.tools";
const AZURE = ["AzureOpenAIConnection"];
const OPEN = ["OpenAIConnection", "ServerlessConnection"];

interface LlmPackage {
  /** Connections that it takes. */
  connections: readonly string[];
  /** Undefined: the input `api` says it. */
  kind?: LlmKind;
}

/** The tool `llm` of the package takes the parameters of both apis and of both providers. */
function parametersOf({ connections, kind }: LlmPackage, provider: LlmProvider): Record<string, ToolParameter> {
  const kinds: LlmKind[] = kind ? [kind] : ["completion", "chat"];
  const providers: LlmProvider[] = connections.length > 2 ? ["AzureOpenAI", "OpenAI"] : [provider];
  const all = kinds.flatMap((one) => providers.map((other) => llmParameters(other, one)));
  const own = { connection: { type: connections }, ...(kind ? {} : { api: { type: ["string"] } }) };
  return { ...Object.assign({}, ...all), ...own } as Record<string, ToolParameter>;
}

function llmPackage(id: string, aliases: string[], about: LlmPackage): NodeTool {
  return {
    id: `${MODULE}.${id}`,
    aliases: aliases.map((alias) => `${MODULE}.${alias}`),
    async prepare(node: NodeDefinition, context: PrepareContext): Promise<PreparedNode> {
      const connection = await packageConnection(node, context.resources, about.connections);
      return prepare(node, context, { about, connection });
    },
  };
}

function prepare(
  node: NodeDefinition,
  { directory, resources, messageFormat, env }: PrepareContext,
  { about, connection }: { about: LlmPackage; connection: Connection },
): PreparedNode {
  const provider = providerOf(connection.type);
  const parameters = parametersOf(about, provider);
  const kind = about.kind ?? (literalText(node, "api") === "completion" ? "completion" : "chat");
  const { connection: _connection, ...inputs } = convertLiterals(node, parameters);
  const names = new Set(Object.keys(parameters));
  const template = promptOf(node, { directory, kind, names, env });
  const callers = callerInputs(node);
  return prepareLlm(
    { connection: connection.name, provider, kind, template, parameters: names, callers, messageFormat, env },
    inputs,
    resources,
  );
}

function promptOf(
  node: NodeDefinition,
  {
    directory,
    kind,
    names,
    env,
  }: Pick<PrepareContext, "directory" | "env"> & { kind: LlmKind; names: ReadonlySet<string> },
): ReturnType<typeof compilePrompt> | undefined {
  if (node.source?.type === "package_with_prompt") {
    const { text, file } = readTemplate(node, directory);
    const template = compilePrompt(kind, text, { file, env });
    refuseReserved(node.name, template.undeclaredVariables, names, "inputs of custom llm tool");
    return template;
  }
  const { prompt } = node.inputs;
  if (!prompt)
    throw new FlowsteadError("NodeInputValidationError", `Input 'prompt' for node '${node.name}' is missing.`);
  return prompt.kind === "literal" ? compilePrompt(kind, pyStr(prompt.value), { env }) : undefined;
}

export const LLM_PACKAGES: readonly NodeTool[] = [
  llmPackage("llm.llm", [], { connections: [...AZURE, ...OPEN] }),
  llmPackage("llm_vision.llm_vision", [], { connections: [...AZURE, ...OPEN], kind: "vision" }),
  llmPackage("aoai.chat", ["aoai.AzureOpenAI.chat"], { connections: AZURE, kind: "chat" }),
  llmPackage("aoai.completion", ["aoai.AzureOpenAI.completion"], { connections: AZURE, kind: "completion" }),
  llmPackage("openai.chat", ["openai.OpenAI.chat"], { connections: OPEN, kind: "chat" }),
  llmPackage("openai.completion", ["openai.OpenAI.completion"], { connections: OPEN, kind: "completion" }),
  llmPackage("aoai_gpt4v.AzureOpenAI.chat", [], { connections: AZURE, kind: "vision" }),
  llmPackage("openai_gpt4v.OpenAI.chat", [], { connections: OPEN, kind: "vision" }),
];
