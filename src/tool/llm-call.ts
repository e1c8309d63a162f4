// What the tools that ask a language model share: a prompt rendered, and asked of the model behind a connection: as chat
// messages, with or without images, or as a text to be gone on with.

import { FlowsteadError } from "../base/error/error.ts";
import { type ValueMap, pyStr } from "../base/value.ts";
import type { PromptFacts } from "../flow/event.ts";
import type { MessageFormat } from "../flow/image.ts";
import { type NodeInput, type NodeValue, plainInput } from "../flow/node/value.ts";
import type { FlowResources } from "../flow/resource.ts";
import type { NodeCall, PrepareContext, PreparedNode } from "../flow/tool.ts";
import type { ChatModel, ChatRequest } from "../model/chat-model.ts";
import { findImages, liftImages } from "../prompt/image.ts";
import { type ImageDetail, parseChat } from "../prompt/parse-chat.ts";
import { RenderedText } from "../prompt/rendered-text.ts";
import { type Template, type TemplateOptions, compileTemplate } from "../prompt/template.ts";
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
  env: PrepareContext["env"];
}

/** Compiles the text of a prompt; a prompt with images has each on a line of its own. */
export function compilePrompt(kind: LlmKind, text: string, options: TemplateOptions): Template {
  return compileTemplate(kind === "vision" ? liftImages(text) : text, options);
}

export function prepareLlm(node: LlmNode, inputs: PreparedNode["inputs"], resources: FlowResources): PreparedNode {
  const hasFunctions = node.kind === "chat" && inputs["functions"] !== undefined;
  const isFixed = Object.entries(inputs).every(
    ([name, { kind }]) => kind === "literal" || name === "prompt" || !node.parameters.has(name),
  );
  const about: About = { node, resources, isFixed, headers: originalHeaders(node), remembered: {} };
  return {
    inputs,
    streaming: hasFunctions ? "never" : "optional",
    optionalInputs: node.parameters,
    function: `${node.provider}.${node.kind}`,
    ...(node.template && { prompt: promptFacts(node.template) }),
    run: (call) => ask(call, about),
  };
}

/** What traces show of a prompt. */
export function promptFacts({ source, undeclaredVariables }: Template): PromptFacts {
  return { template: source, variables: undeclaredVariables };
}

interface About {
  node: LlmNode;
  resources: FlowResources;
  /** Whether every call has the same parameters, as the flow's file says them. */
  isFixed: boolean;
  headers: Record<string, string>;
  remembered: Remembered;
}

/** What is made at the first call and is the same for those that follow. */
interface Remembered {
  /** The last prompt that came as text and its template, so that a prompt which is always the same is compiled once. */
  text?: string;
  template?: Template;
  parameters?: ChatParameters;
  model?: ChatModel;
}

async function ask(call: NodeCall, about: About): Promise<NodeValue> {
  const { node, resources, remembered, headers } = about;
  const rendered = render(call, about);
  const said = rendered instanceof Promise ? await rendered : rendered;
  const parameters = remembered.parameters ?? parametersOf(call, about);
  const stream = call.stream || parameters.stream;
  if (stream && parameters.cannotStream) {
    throw new FlowsteadError(
      "FunctionCallNotSupportedInStreamMode",
      "Function calling has not been supported by stream mode yet.",
    );
  }
  const model = (remembered.model ??= await resources.chatModel(node.connection));
  const request = { ...said, model: parameters.model, stream, parameters: parameters.body, headers };
  const answer = await askModel(model, request, call);
  if (stream || node.kind === "completion") return answer.content ?? "";
  return parameters.returnsMessage ? answer.message() : answer.content;
}

function parametersOf({ inputs }: NodeCall, { node, isFixed, remembered }: About): ChatParameters {
  const own: ValueMap = {};
  for (const [name, value] of Object.entries(inputs)) if (node.parameters.has(name)) own[name] = plainInput(value);
  const parameters = requestParameters(node.kind, node.provider, own);
  if (isFixed) remembered.parameters = parameters;
  return parameters;
}

const NOTHING = { names: [], calls: [] };

type Said = Pick<ChatRequest, "messages" | "prompt">;

/** What a call asks; a promise only where something lives in Python. */
function render(call: NodeCall, about: About): Said | Promise<Said> {
  const { node } = about;
  const variables: Record<string, NodeInput> = {};
  for (const [name, value] of Object.entries(call.inputs)) if (!node.parameters.has(name)) variables[name] = value;
  const { prompt } = call.inputs;
  const source = prompt instanceof RenderedText ? prompt : templateOf(node, prompt, about.remembered);
  const reads = source instanceof RenderedText ? NOTHING : source.reads;
  const context = templateContext(variables, { format: node.messageFormat, reads });
  const say = (settled: Record<string, unknown>): Said => {
    const text = promptText(node, source, { variables, context: settled });
    if (node.kind === "completion") return { messages: [], prompt: text.text };
    if (node.kind === "chat") return { messages: parseChat(text) };
    const detail = plainInput(call.inputs["detail"] ?? null) as ImageDetail | null;
    return { messages: parseChat(text, { images: findImages(Object.values(settled)), ...(detail && { detail }) }) };
  };
  return context instanceof Promise ? context.then(say) : say(context);
}

/**
 * An input named `prompt` takes the place of the node's template: what a prompt node rendered is taken as it is, any other
 * text is a template.
 * Lists among the values print one item a line for Azure and as Python lists for OpenAI, as in the original.
 */
function promptText(
  node: LlmNode,
  source: RenderedText | Template,
  { variables, context }: { variables: Record<string, NodeInput>; context: Record<string, unknown> },
): RenderedText {
  if (source instanceof RenderedText) return source;
  const escape = escapedInputs(node.callers, variables);
  const chatLists = node.kind === "vision" || (node.kind === "chat" && node.provider === "AzureOpenAI");
  return source.renderText(context, { escape, chatLists });
}

function templateOf(node: LlmNode, prompt: NodeInput | undefined, remembered: Remembered): Template {
  if (prompt === undefined && node.template) return node.template;
  const text = pyStr(plainInput(prompt ?? ""));
  if (remembered.template && remembered.text === text) return remembered.template;
  const template = compilePrompt(node.kind, text, { env: node.env });
  Object.assign(remembered, { text, template });
  return template;
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
