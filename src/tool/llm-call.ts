// What the tools that ask a language model share: a prompt rendered, and asked of the model behind a connection: as chat
// messages, with or without images, or as a text to be gone on with.

import { FlowsteadError } from "../base/error/error.ts";
import { type ValueMap, pyStr } from "../base/value.ts";
import type { MessageFormat } from "../flow/image.ts";
import { type NodeInput, type NodeValue, plainInput } from "../flow/node-value.ts";
import type { FlowResources } from "../flow/resource.ts";
import type { NodeCall, PreparedNode } from "../flow/tool.ts";
import type { ChatRequest } from "../model/chat-model.ts";
import { findImages, liftImages } from "../prompt/image.ts";
import { type ImageDetail, parseChat } from "../prompt/parse-chat.ts";
import { RenderedText } from "../prompt/rendered-text.ts";
import { type Template, compileTemplate } from "../prompt/template.ts";
import { askModel } from "./ask-model.ts";
import { type ChatParameters, type LlmKind, type LlmProvider, requestParameters } from "./llm-parameter.ts";
import { escapedInputs, templateContext } from "./template-source.ts";

export interface LlmNode {
  connection: string;
  provider: LlmProvider;
  kind: LlmKind;
  /** Absent when an input `prompt` brings the text. */
  template: Template | undefined;
  /** Names of the tool's own parameters; every other input is a variable of the template. */
  parameters: ReadonlySet<string>;
  /** Names of the inputs bound to flow inputs. */
  callers: string[];
  messageFormat: MessageFormat;
}

/** Compiles the text of a prompt; a prompt with images has each on a line of its own. */
export function compilePrompt(kind: LlmKind, text: string, file?: string): Template {
  return compileTemplate(kind === "vision" ? liftImages(text) : text, file === undefined ? {} : { file });
}

export function prepareLlm(node: LlmNode, inputs: PreparedNode["inputs"], resources: FlowResources): PreparedNode {
  const hasCalls = node.kind === "chat" && (inputs["functions"] ?? inputs["tools"]) !== undefined;
  const remembered: Remembered = {};
  const headers = originalHeaders(node);
  return {
    inputs,
    streaming: hasCalls ? "never" : "optional",
    optionalInputs: node.parameters,
    run: (call) => ask(node, resources, { call, remembered, headers }),
  };
}

/** The last prompt that came as text and its template, so that a prompt which is always the same is compiled once. */
interface Remembered {
  text?: string;
  template?: Template;
}

async function ask(
  node: LlmNode,
  resources: FlowResources,
  { call, remembered, headers }: { call: NodeCall; remembered: Remembered; headers: Record<string, string> },
): Promise<NodeValue> {
  const own: ValueMap = {};
  const variables: Record<string, NodeInput> = {};
  for (const [name, value] of Object.entries(call.inputs)) {
    if (node.parameters.has(name)) own[name] = plainInput(value);
    else variables[name] = value;
  }
  const said = await render(node, variables, { call, remembered, detail: own["detail"] as ImageDetail | undefined });
  const parameters = requestParameters(node.kind, node.provider, own);
  const streams = call.stream || parameters.stream;
  if (streams && parameters.returnsMessage) {
    throw new FlowsteadError(
      "FunctionCallNotSupportedInStreamMode",
      "Function calling has not been supported by stream mode yet.",
    );
  }
  const model = await resources.chatModel(node.connection);
  const request = {
    ...said,
    model: parameters.model,
    stream: streams,
    parameters: parameters.body,
    headers,
  };
  return finish(await askModel(model, request, call), parameters);
}

/**
 * What a call asks. An input named `prompt` takes the place of the node's template: what a prompt node rendered is
 * taken as it is, any other text is a template.
 * Lists among the values print one item a line for Azure and as Python lists for OpenAI, as in the original.
 */
async function render(
  node: LlmNode,
  variables: Record<string, NodeInput>,
  { call, remembered, detail }: { call: NodeCall; remembered: Remembered; detail: ImageDetail | undefined },
): Promise<Pick<ChatRequest, "messages" | "prompt">> {
  const { prompt } = call.inputs;
  const context = await templateContext(variables, node.messageFormat);
  let text: RenderedText;
  if (prompt instanceof RenderedText) text = prompt;
  else {
    const template = templateOf(node, prompt, remembered);
    const escape = escapedInputs(node.callers, variables);
    const chatLists = node.kind === "vision" || (node.kind === "chat" && node.provider === "AzureOpenAI");
    text = template.renderText(context, { escape, chatLists, signal: call.signal });
  }
  if (node.kind === "completion") return { messages: [], prompt: text.text };
  if (node.kind === "chat") return { messages: parseChat(text) };
  return { messages: parseChat(text, { images: findImages(Object.values(context)), ...(detail && { detail }) }) };
}

function templateOf(node: LlmNode, prompt: NodeInput | undefined, remembered: Remembered): Template {
  if (prompt === undefined && node.template) return node.template;
  const text = pyStr(plainInput(prompt ?? ""));
  if (remembered.template && remembered.text === text) return remembered.template;
  const template = compilePrompt(node.kind, text);
  Object.assign(remembered, { text, template });
  return template;
}

function finish(answer: Awaited<ReturnType<typeof askModel>>, { returnsMessage }: ChatParameters): NodeValue {
  return returnsMessage ? answer.message() : (answer.content ?? "");
}

/** What the original tells model servers about itself, under the names that gateways and dashboards know. */
function originalHeaders({ provider, kind }: LlmNode): Record<string, string> {
  const tool = kind === "vision" ? "aoai-gpt4v-tool" : "aoai-tool";
  return {
    ...(provider === "AzureOpenAI" ? { "ms-azure-ai-promptflow-called-from": tool } : {}),
    "x-ms-useragent": "promptflow-sdk/1.18.0 flowstead",
    "ms-azure-ai-promptflow": '{"execution_target":"dag"}',
  };
}
