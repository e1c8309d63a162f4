// The `llm` node: a prompt rendered, and asked of the model behind its connection: as chat
// messages, or as a text to be gone on with.

import { FlowsteadError } from "../base/error/error.ts";
import { type ValueMap, pyStr } from "../base/value.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import type { MessageFormat } from "../flow/image.ts";
import { convertLiterals, nodeConnection } from "../flow/literal.ts";
import { type NodeInput, type NodeValue, plainInput } from "../flow/node-value.ts";
import type { FlowResources } from "../flow/resource.ts";
import type { NodeCall, NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import { parseChat } from "../prompt/parse-chat.ts";
import { RenderedText } from "../prompt/rendered-text.ts";
import { type Template, compileTemplate } from "../prompt/template.ts";
import { askModel } from "./ask-model.ts";
import type { ChatAnswer } from "./collect-chat.ts";
import {
  type ChatParameters,
  type LlmApi,
  type LlmProvider,
  chatParameters,
  completionParameters,
  llmParameters,
  providerOf,
} from "./llm-parameter.ts";
import { callerInputs, escapedInputs, readTemplate, refuseReserved, templateContext } from "./template-source.ts";

interface LlmNode {
  connection: string;
  provider: LlmProvider;
  api: LlmApi;
  template: Template;
  /** Names of the tool's own parameters; every other input is a variable of the template. */
  parameters: ReadonlySet<string>;
  /** Names of the inputs bound to flow inputs. */
  callers: string[];
  messageFormat: MessageFormat;
}

export const LLM_TOOL: NodeTool = {
  id: "llm",
  async prepare(node: NodeDefinition, { directory, resources, messageFormat }: PrepareContext): Promise<PreparedNode> {
    const name = node.connection ?? "";
    const connection = await nodeConnection(resources, name, node.name);
    const provider = providerOf(connection.type);
    const api = readApi(node, provider);
    const parameters = llmParameters(provider, api);
    const inputs = convertLiterals(node, parameters);
    const { text, file } = readTemplate(node, directory);
    const template = compileTemplate(text, { file });
    const names = Object.keys(parameters);
    refuseReserved(node.name, template.undeclaredVariables, names, `parameters of ${provider}.${api}`);
    const llm: LlmNode = {
      connection: name,
      provider,
      api,
      template,
      parameters: new Set(names),
      callers: callerInputs(node),
      messageFormat,
    };
    return {
      inputs,
      streaming: api === "chat" && (inputs["functions"] || inputs["tools"]) ? "never" : "optional",
      optionalInputs: new Set(names),
      run: (call) => ask(llm, resources, call),
    };
  },
};

function readApi(node: NodeDefinition, provider: LlmProvider): LlmApi {
  const api = node.api ?? "chat";
  if (api === "chat" || api === "completion") return api;
  throw new FlowsteadError("APINotFound", `The API '${provider}.${api}' is not found.`, {
    details: { node: node.name, api },
  });
}

async function ask(llm: LlmNode, resources: FlowResources, call: NodeCall): Promise<NodeValue> {
  const own: ValueMap = {};
  const variables: Record<string, NodeInput> = {};
  for (const [name, value] of Object.entries(call.inputs)) {
    if (llm.parameters.has(name)) own[name] = plainInput(value);
    else variables[name] = value;
  }
  const text = await render(llm, variables, call);
  const parameters = llm.api === "chat" ? chatParameters(llm.provider, own) : completionParameters(llm.provider, own);
  const streams = call.stream || parameters.stream;
  if (streams && parameters.returnsMessage) {
    throw new FlowsteadError(
      "FunctionCallNotSupportedInStreamMode",
      "Function calling has not been supported by stream mode yet.",
    );
  }
  const model = await resources.chatModel(llm.connection);
  const request = {
    ...(llm.api === "chat" ? { messages: parseChat(text) } : { messages: [], prompt: text.text }),
    model: parameters.model,
    stream: streams,
    parameters: parameters.body,
    headers: headers(llm.provider),
  };
  const answer = await askModel(model, request, call);
  return finish(answer, parameters);
}

/**
 * The text of a call's prompt. An input named `prompt` takes the place of the node's template: what a prompt node rendered is
 * taken as it is, any other text is a template.
 * Lists among the values print one item a line for Azure and as Python lists for OpenAI, as in the original.
 */
async function render(llm: LlmNode, variables: Record<string, NodeInput>, call: NodeCall): Promise<RenderedText> {
  const { prompt } = call.inputs;
  if (prompt instanceof RenderedText) return prompt;
  const template = prompt === undefined ? llm.template : compileTemplate(pyStr(plainInput(prompt)));
  const context = await templateContext(variables, llm.messageFormat);
  const escape = escapedInputs(llm.callers, variables);
  const chatLists = llm.api === "chat" && llm.provider === "AzureOpenAI";
  return template.renderText(context, { escape, chatLists, signal: call.signal });
}

function finish(answer: ChatAnswer, { returnsMessage }: ChatParameters): NodeValue {
  return returnsMessage ? answer.message() : (answer.content ?? "");
}

/** What the original tells model servers about itself, under the names that gateways and dashboards know. */
function headers(provider: LlmProvider): Record<string, string> {
  return {
    ...(provider === "AzureOpenAI" ? { "ms-azure-ai-promptflow-called-from": "aoai-tool" } : {}),
    "x-ms-useragent": "promptflow-sdk/1.18.0 flowstead",
    "ms-azure-ai-promptflow": '{"execution_target":"dag"}',
  };
}
