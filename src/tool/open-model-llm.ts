// The Open Model LLM tool: a prompt sent to an endpoint of the Azure model catalog, which a custom connection describes.

import { FlowsteadError } from "../base/error/error.ts";
import { sleep } from "../base/abort.ts";
import { plain } from "../base/json.ts";
import { type ValueMap, isMap, pyStr } from "../base/value.ts";
import type { Connection } from "../connection/connection.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { convertLiterals, nodeConnection } from "../flow/literal.ts";
import { type NodeInput, plainInput } from "../flow/node/value.ts";
import type { FlowResources } from "../flow/resource.ts";
import type { NodeCall, NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import { type Template, compileTemplate } from "../prompt/template.ts";
import { callHttp } from "./http-call.ts";
import { promptFacts } from "./llm-call.ts";
import {
  type OpenModelApi,
  type OpenModelEndpoint,
  readFamily,
  requestBody,
  responseText,
} from "./open-model-format.ts";
import { callerInputs, escapedInputs, readTemplate, refuseReserved, templateContext } from "./template-source.ts";

const PARAMETERS = {
  prompt: { type: ["prompt_template"] },
  api: { type: ["string"] },
  endpoint_name: { type: ["string"] },
  deployment_name: { type: ["string"] },
  temperature: { type: ["double"] },
  max_new_tokens: { type: ["int"] },
  top_p: { type: ["double"] },
  model_kwargs: { type: ["object"] },
};

const ATTEMPTS = 5;
const FIRST_WAIT_MS = 2000;

export const OPEN_MODEL_TOOL: NodeTool = {
  id: "promptflow.tools.open_model_llm.OpenModelLLM.call",
  aliases: ["promptflow.tools.open_model_llm.call"],
  async prepare(node: NodeDefinition, context: PrepareContext): Promise<PreparedNode> {
    const inputs = convertLiterals(node, PARAMETERS);
    for (const name of ["api", "endpoint_name"]) {
      if (inputs[name]) continue;
      throw new FlowsteadError("NodeInputValidationError", `Input '${name}' for node '${node.name}' is missing.`);
    }
    const names = Object.keys(PARAMETERS);
    const { text, file } = readTemplate(node, context.directory);
    const template = compileTemplate(text, { file, env: context.env });
    refuseReserved(node.name, template.undeclaredVariables, names, "inputs of custom llm tool");
    const about = { template, callers: callerInputs(node), context };
    return {
      inputs,
      streaming: "never",
      optionalInputs: new Set(names),
      prompt: promptFacts(template),
      run: (call) => run(call, about),
    };
  },
};

interface About {
  template: Template;
  callers: string[];
  context: PrepareContext;
}

async function run(call: NodeCall, { template, callers, context }: About): Promise<string> {
  const own: ValueMap = {};
  const variables: Record<string, NodeInput> = {};
  for (const [name, value] of Object.entries(call.inputs)) {
    if (name in PARAMETERS) own[name] = plainInput(value);
    else variables[name] = value;
  }
  const api: OpenModelApi = own["api"] === "completion" ? "completion" : "chat";
  const endpoint =
    inputEndpoint(call) ?? (await findEndpoint(pyStr(own["endpoint_name"] ?? ""), api, context.resources));
  const prompt = template.renderText(
    await templateContext(variables, { format: context.messageFormat, reads: template.reads }),
    {
      escape: escapedInputs(callers, variables),
      signal: call.signal,
    },
  );
  const extra = isMap(own["model_kwargs"]) ? own["model_kwargs"] : {};
  const parameters = plain({
    ...extra,
    top_p: own["top_p"] ?? 1,
    temperature: own["temperature"] ?? 1,
    max_new_tokens: own["max_new_tokens"] ?? 500,
  }) as Record<string, unknown>;
  const body = JSON.stringify(requestBody(endpoint, { api, prompt, parameters }));
  const running = call.began({
    kind: "llm",
    name: "open_model_llm",
    target: endpoint.family,
    inputs: () => ({ prompt: prompt.text, ...(own as ValueMap) }),
  });
  try {
    const text = await send(endpoint, { body, deployment: deploymentOf(own) }, call);
    const answer = responseText(endpoint, api, text);
    running.done({ output: () => answer });
    return answer;
  } catch (thrown) {
    running.failed(thrown);
    throw thrown;
  }
}

/** An empty name and `default` leave the choice to the endpoint. */
function deploymentOf(own: ValueMap): string | undefined {
  const name = pyStr(own["deployment_name"] ?? "").trim();
  return name === "" || name === "default" ? undefined : name;
}

/** Asked again when the endpoint is busy or failed; what it refuses, it refuses once. */
async function send(
  endpoint: OpenModelEndpoint,
  { body, deployment }: { body: string; deployment: string | undefined },
  call: NodeCall,
): Promise<string> {
  const headers = {
    "content-type": "application/json",
    authorization: `Bearer ${endpoint.key}`,
    "x-ms-user-agent": `PromptFlow/OpenModelLLM/${endpoint.family}`,
    ...(deployment === undefined ? {} : { "azureml-model-deployment": deployment }),
  };
  for (let attempt = 1, wait = FIRST_WAIT_MS; ; attempt++, wait *= 3) {
    const { status, text } = await callHttp({ method: "POST", url: endpoint.url, headers, body }, call.signal);
    if (status === 200) return text;
    const isWorthIt = status === 408 || status === 429 || status >= 500;
    if (!isWorthIt || attempt === ATTEMPTS) {
      const said = `Request failure while calling Online Endpoint Status:${status}\nError:${text.slice(0, 2000)}`;
      throw new FlowsteadError(
        "OpenModelLLMOnlineEndpointError",
        `Exception hit calling Online Endpoint: OpenModelLLMOnlineEndpointError: ${said}`,
        { details: { node: call.node, status } },
      );
    }
    call.log("stderr", `The endpoint answered with status ${status}; it is asked again in ${wait} ms.\n`);
    await sleep(wait, call.signal);
  }
}

const ENDPOINT_INPUTS = ["endpoint_url", "endpoint_api_key", "model_family"] as const;

/** The endpoint that a node's inputs describe, whose address is taken as it is. @throws FlowsteadError `OpenModelLLMKeyValidationError`. */
function inputEndpoint({ inputs }: NodeCall): OpenModelEndpoint | undefined {
  const given = ENDPOINT_INPUTS.filter((name) => Object.hasOwn(inputs, name));
  if (given.length === 0) return undefined;
  if (given.length < ENDPOINT_INPUTS.length) {
    throw new FlowsteadError(
      "OpenModelLLMKeyValidationError",
      "Endpoint connection via kwargs not fully set.\nIf using kwargs, the following values must be set: endpoint_url, endpoint_api_key, and model_family",
    );
  }
  const [url = "", key = "", family = ""] = given.map((name) => pyStr(plainInput(inputs[name] ?? "")));
  return { url, key, family: readFamily(family) };
}

/** Names of endpoints in an Azure workspace; here a connection of the endpoint's name says where it is. */
const WORKSPACE = new Set(["onlineendpoint", "serverlessendpoint"]);

async function findEndpoint(name: string, api: OpenModelApi, resources: FlowResources): Promise<OpenModelEndpoint> {
  const [kind = "", connectionName = ""] = name.split("/");
  const lower = kind.toLowerCase();
  const isWorkspace = WORKSPACE.has(lower);
  if ((!isWorkspace && lower !== "connection" && lower !== "localconnection") || connectionName === "") {
    throw new FlowsteadError("OpenModelLLMUserError", `Invalid endpoint connection type: ${lower}`);
  }
  const connection = await nodeConnection(resources, connectionName, connectionName).catch((thrown: unknown) => {
    throw isWorkspace ? withoutWorkspace(name, connectionName, thrown) : thrown;
  });
  return endpointOf(connection, api);
}

function withoutWorkspace(name: string, connection: string, cause: unknown): FlowsteadError {
  return new FlowsteadError(
    "OpenModelLLMUserError",
    `Endpoint '${name}' stands in an Azure workspace, which cannot be asked from here, and no connection has its name. Create the connection '${connection}': of type serverless with api_base and api_key, or of type custom with the configs endpoint_url and model_family and the secret endpoint_api_key.`,
    { cause, details: { connection } },
  );
}

/** @throws FlowsteadError `OpenModelLLMKeyValidationError`. */
function endpointOf({ type, configs, secrets }: Connection, api: OpenModelApi): OpenModelEndpoint {
  if (type === "ServerlessConnection") {
    const base = pyStr(configs["api_base"] ?? "").replace(/(?:\/v1)?\/*$/, "");
    // The original knows this family alone behind serverless endpoints.
    return { url: `${base}${OPENAI_PATH[api]}`, key: secrets["api_key"] ?? "", family: readFamily("LLAMA") };
  }
  for (const key of ["endpoint_url", "model_family"]) {
    if (configs[key] === undefined) throw missingKey("key", key, "Required keys are: endpoint_url,model_family.");
  }
  const key = secrets["endpoint_api_key"];
  if (!key) throw missingKey("secret key", "endpoint_api_key", "Required keys are: endpoint_api_key.");
  return {
    url: addressOf(pyStr(configs["endpoint_url"]), api),
    key,
    family: readFamily(pyStr(configs["model_family"])),
  };
}

function missingKey(what: string, key: string, rest: string): FlowsteadError {
  const message = `Required ${what} \`${key}\` not found in given custom connection.\n${rest}`;
  return new FlowsteadError("OpenModelLLMKeyValidationError", message);
}

const OPENAI_PATH = { chat: "/v1/chat/completions", completion: "/v1/completions" } as const;

function addressOf(url: string, api: OpenModelApi): string {
  if (!isServerless(url)) return url;
  const path = OPENAI_PATH[api];
  return url.endsWith(path) ? url : url + path;
}

function isServerless(url: string): boolean {
  return url.includes("serverless.ml.azure.com") || url.includes("inference.ai.azure.com");
}
