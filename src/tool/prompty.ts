// The node of a .prompty file: its template rendered with the flow's inputs and asked of the model that its head names.

import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { plain } from "../base/json.ts";
import { type Value, type ValueMap, isMap, pyRepr, pyStr, truthy } from "../base/value.ts";
import type { Connection } from "../connection/connection.ts";
import { environmentIdentity } from "../connection/identity.ts";
import { decodeJson } from "../flow/decode-json.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { nodeConnection } from "../flow/literal.ts";
import { type NodeValue, plainInputs } from "../flow/node/value.ts";
import type { FlowResources } from "../flow/resource.ts";
import type { NodeCall, NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import type { ChatModel } from "../model/chat-model.ts";
import { connectionModel, openModel } from "../model/provider/index.ts";
import { type Prompty, loadPrompty, promptyInputs, renderPrompty } from "../prompt/prompty.ts";
import { askModel } from "./ask-model.ts";
import { promptyFailure } from "./prompty-failure.ts";
import { promptyParameters } from "./prompty-parameter.ts";
import { Reply, recorded } from "./reply.ts";

/** Of an address without one, as of the original's connections. */
const API_VERSION = "2024-02-01";
const CALLED_FROM = "ms-azure-ai-promptflow-called-from";

export const PROMPTY_TOOL: NodeTool = {
  id: "prompty",
  async prepare(node: NodeDefinition, { directory, resources, env, init }: PrepareContext): Promise<PreparedNode> {
    const prompty = loadPrompty(path.join(directory, node.source?.path ?? ""), { env, changes: init });
    const { parameters, configuration, response } = prompty.model;
    const { connection } = configuration;
    if (typeof connection === "string") await nodeConnection(resources, connection, node.name);
    const hasCalls = truthy(parameters["tools"]) || truthy(parameters["functions"]);
    const isWhole = wantsJson(prompty) || response === "all" || (hasCalls && parameters["stream"] !== true);
    return {
      inputs: node.inputs,
      streaming: isWhole ? "never" : "optional",
      optionalInputs: new Set(),
      spreads: response !== "all",
      prompt: { template: prompty.template.source, variables: Object.keys(prompty.inputs) },
      async run(call) {
        try {
          return await ask(prompty, call, { resources, env: env ?? {} });
        } catch (thrown) {
          throw promptyFailure(thrown, prompty.model.api);
        }
      },
    };
  },
};

interface Around {
  resources: FlowResources;
  env: Readonly<Record<string, string | undefined>>;
}

async function ask(prompty: Prompty, call: NodeCall, around: Around): Promise<NodeValue> {
  const { api, configuration, response } = prompty.model;
  const inputs = plainInputs(call.inputs);
  const prompt =
    api === "chat"
      ? { messages: renderPrompty(prompty, inputs, { signal: call.signal }) }
      : {
          messages: [],
          prompt: prompty.template.render(promptyInputs(prompty, inputs), { signal: call.signal }),
        };
  const { stream, model: named, extra_headers: headers, extra_body: more, ...body } = promptyParameters(prompty);
  const name = configuration["azure_deployment"] ?? configuration["model"] ?? named;
  const request = {
    ...prompt,
    ...(name === undefined ? {} : { model: pyStr(name) }),
    stream: call.stream || stream === true,
    parameters: plain({ ...body, ...(isMap(more) ? more : {}) }) as Record<string, unknown>,
    headers: headersOf(configuration, headers),
  };
  const { model, release } = await findModel(configuration, around);
  const reply = new Reply(api === "chat" ? "chat" : "text");
  try {
    const answer = await askModel(recorded(model, reply), request, call);
    if (response === "all") return reply.whole();
    const { finishReason, content } = answer;
    // Of what streams only the text counts, as in the original.
    if (request.stream && !wantsJson(prompty)) return content ?? "";
    if (finishReason === "tool_calls" || finishReason === "function_call") return answer.message();
    if (!wantsJson(prompty)) return content;
    return jsonResult(prompty, content ?? "");
  } finally {
    await release();
  }
}

/** The original names itself to Azure; a prompty may say more in `extra_headers`. */
function headersOf(configuration: ValueMap, extra: Value | undefined): Record<string, string> {
  const said = Object.entries(isMap(extra) ? extra : {}).map(([name, value]) => [name.toLowerCase(), pyStr(value)]);
  const isAzure = /^azure_?open_?ai$/i.test(pyStr(configuration["type"] ?? ""));
  return { ...Object.fromEntries(said), ...(isAzure ? { [CALLED_FROM]: "promptflow-core" } : {}) };
}

/** The model behind the connection that the head names, or at the address it gives; else the one that is configured. */
async function findModel(
  configuration: ValueMap,
  { resources, env }: Around,
): Promise<{ model: ChatModel; release: () => Promise<void> }> {
  const {
    connection,
    type,
    azure_endpoint: endpoint,
    base_url: baseUrl,
    api_key: key,
    api_version: version,
    organization,
  } = configuration;
  const isAzure = type === undefined || type === null || /^azure_?open_?ai$/i.test(pyStr(type));
  if (!isAzure && !/^open_?ai$/i.test(pyStr(type))) {
    throw new FlowsteadError(
      "UnknownConnectionType",
      `Not Support connection type ${pyStr(type)} for embedding api. Connection type should be in [AzureOpenAI, OpenAI].`,
    );
  }
  const address = endpoint ?? baseUrl;
  // In an instance the variables of models are not set: the process that has them lends what they describe.
  const isKnown = typeof address === "string" && !address.includes("${env:");
  if (typeof connection === "string" || !isKnown) {
    const model = await resources.chatModel(typeof connection === "string" ? connection : "default");
    return { model, release: () => Promise.resolve() };
  }
  const given: Connection = {
    name: "the prompty",
    type: isAzure ? "AzureOpenAIConnection" : "OpenAIConnection",
    configs: isAzure
      ? { api_base: address, api_version: version ?? API_VERSION }
      : { base_url: address, ...(organization ? { organization } : {}) },
    secrets: typeof key === "string" ? { api_key: key } : {},
    ...(isAzure && !truthy(key) ? { identity: environmentIdentity(env) } : {}),
  };
  const model = openModel(connectionModel(given));
  return { model, release: () => model.close() };
}

function wantsJson({ model: { parameters } }: Prompty): boolean {
  const format = parameters["response_format"];
  return isMap(format) && format["type"] === "json_object";
}

function answeredJson(content: string): Value {
  try {
    return decodeJson(content);
  } catch (thrown) {
    const why = (thrown as Error).message;
    const message = `The model's answer is not the JSON that \`response_format\` asks for: ${why}.`;
    throw new FlowsteadError("InvalidJson", message, { cause: thrown });
  }
}

/** The object that the model wrote, cut to the outputs that the head declares. */
function jsonResult(prompty: Prompty, content: string): Value {
  const value = answeredJson(content);
  const names = Object.keys(prompty.outputs);
  if (names.length === 0) return value;
  if (!isMap(value)) {
    const message = `Cannot find ${names.join(", ")} in response ${pyRepr(value)}: it is no object.`;
    throw new FlowsteadError("InvalidOutputKeyError", message, { details: { output: names[0] } });
  }
  const missing = names.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) {
    throw new FlowsteadError(
      "InvalidOutputKeyError",
      `Cannot find ${missing} in response ${pyStr(Object.keys(value))}`,
      {
        details: { output: missing },
      },
    );
  }
  return Object.fromEntries(names.map((name) => [name, value[name] ?? null]));
}
