// The `llm` node: a prompt's file, the connection that the node names, and an api.

import { FlowsteadError } from "../base/error/error.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { convertLiterals, nodeConnection } from "../flow/literal.ts";
import type { NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import { compilePrompt, prepareLlm } from "./llm-call.ts";
import { type LlmApi, type LlmProvider, llmParameters, providerOf } from "./llm-parameter.ts";
import { callerInputs, readTemplate, refuseReserved } from "./template-source.ts";

export const LLM_TOOL: NodeTool = {
  id: "llm",
  async prepare(node: NodeDefinition, context: PrepareContext): Promise<PreparedNode> {
    const { directory, resources, messageFormat, env } = context;
    const { connection = "" } = node;
    const provider = providerOf((await nodeConnection(resources, node.connection, node.name)).type);
    const kind = readApi(node, provider);
    const parameters = llmParameters(provider, kind);
    const inputs = convertLiterals(node, parameters);
    const { text, file } = readTemplate(node, directory);
    const template = compilePrompt(kind, text, { file, env });
    const names = new Set(Object.keys(parameters));
    refuseReserved(node.name, template.undeclaredVariables, names, `parameters of ${provider}.${kind}`);
    const callers = callerInputs(node);
    return prepareLlm(
      { connection, provider, kind, template, parameters: names, callers, messageFormat, env },
      inputs,
      resources,
    );
  },
};

function readApi(node: NodeDefinition, provider: LlmProvider): LlmApi {
  const api = node.api ?? "chat";
  if (api === "chat" || api === "completion") return api;
  throw new FlowsteadError("APINotFound", `The API '${provider}.${api}' is not found.`, {
    details: { node: node.name, api },
  });
}
