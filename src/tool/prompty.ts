// The node of a .prompty file: its template rendered with the flow's inputs and asked of the model that its head names.

import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { parseJson, plain } from "../base/json.ts";
import { type Value, isMap, pyStr } from "../base/value.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { nodeConnection } from "../flow/literal.ts";
import { type NodeValue, plainInputs } from "../flow/node-value.ts";
import type { FlowResources } from "../flow/resource.ts";
import type { NodeCall, NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import { type Prompty, loadPrompty, renderPrompty } from "../prompt/prompty.ts";
import { askModel } from "./ask-model.ts";

export const PROMPTY_TOOL: NodeTool = {
  id: "prompty",
  async prepare(node: NodeDefinition, { directory, resources }: PrepareContext): Promise<PreparedNode> {
    const prompty = loadPrompty(path.join(directory, node.source?.path ?? ""));
    const connection = await findConnection(prompty, node, resources);
    const { parameters } = prompty.model;
    const isWhole = wantsJson(prompty) || parameters["tools"] !== undefined || parameters["functions"] !== undefined;
    return {
      inputs: node.inputs,
      streaming: isWhole ? "never" : "optional",
      optionalInputs: new Set(),
      run: (call) => ask(prompty, connection, { resources, call }),
    };
  },
};

async function findConnection(prompty: Prompty, node: NodeDefinition, resources: FlowResources): Promise<string> {
  const { api, configuration, response } = prompty.model;
  const name = configuration["connection"];
  if (api !== "chat" || response !== "first" || typeof name !== "string") {
    const what =
      api !== "chat" ? "model.api completion" : response === "first" ? "a model without a connection" : "response: all";
    throw new FlowsteadError(
      "FlowNotSupported",
      `${path.basename(prompty.file)}: ${what} is not supported; a prompty that runs as a flow has api: chat and names a connection in model.configuration.connection.`,
    );
  }
  await nodeConnection(resources, name, node.name);
  return name;
}

async function ask(
  prompty: Prompty,
  connection: string,
  { resources, call }: { resources: FlowResources; call: NodeCall },
): Promise<NodeValue> {
  const messages = renderPrompty(prompty, plainInputs(call.inputs), { signal: call.signal });
  const { configuration, parameters } = prompty.model;
  const { stream: _stream, model: named, ...body } = parameters;
  const name = configuration["azure_deployment"] ?? configuration["model"] ?? named;
  const model = await resources.chatModel(connection);
  const request = {
    messages,
    ...(name === undefined ? {} : { model: pyStr(name) }),
    stream: call.stream,
    parameters: plain(body) as Record<string, unknown>,
  };
  const answer = await askModel(model, request, call);
  const { finishReason } = answer;
  if (finishReason === "tool_calls" || finishReason === "function_call") return answer.message();
  const content = answer.content ?? "";
  return wantsJson(prompty) ? jsonResult(prompty, content) : content;
}

function wantsJson({ model: { parameters } }: Prompty): boolean {
  const format = parameters["response_format"];
  return isMap(format) && format["type"] === "json_object";
}

/** The object that the model wrote, cut to the outputs that the head declares. */
function jsonResult(prompty: Prompty, content: string): Value {
  const value = parseJson(content);
  const names = Object.keys(prompty.outputs);
  if (names.length === 0 || !isMap(value)) return value;
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
