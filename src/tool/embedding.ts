// The embedding tool: one text to one list of floats, asked for as the original's client does: as base64 of 32-bit floats.

import { type ErrorCode, FlowsteadError } from "../base/error/error.ts";
import { stringifyJson } from "../base/json.ts";
import { type Value, type ValueMap, float, isFloat, isInt, isMap, pyStr, toNumber } from "../base/value.ts";
import type { Connection } from "../connection/connection.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import type { TokenUsage } from "../flow/event.ts";
import { convertLiterals } from "../flow/literal.ts";
import { type CallEnd, type RunningCall, telling } from "../flow/node/call.ts";
import { plainInput } from "../flow/node/value.ts";
import type { FlowResources } from "../flow/resource.ts";
import type { NodeCall, NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import { PRINCIPAL_HEADER } from "../model/chat-model.ts";
import { type Patience, patiently } from "../model/batched-embedder.ts";
import { type Embedder, embedderFor } from "../model/embedder.ts";
import { openConnectionEmbedder } from "../model/provider/index.ts";
import { type HttpAnswer, callHttp, jsonOf } from "./http-call.ts";
import { packageConnection } from "./package-input.ts";

const CONNECTIONS = ["AzureOpenAIConnection", "OpenAIConnection", "ServerlessConnection"];

const PARAMETERS = {
  connection: { type: CONNECTIONS },
  deployment_name: { type: ["string"] },
  model: { type: ["string"] },
  input: { type: ["string"] },
};

/** Limits and outages are waited for, as by llm nodes. */
const PATIENCE: Patience = { attempts: 6, ms: 60_000 };

const DEFAULT_MODEL = "text-embedding-ada-002";

export const EMBEDDING_TOOL: NodeTool = {
  id: "promptflow.tools.embedding.embedding",
  async prepare(node: NodeDefinition, { resources }: PrepareContext): Promise<PreparedNode> {
    const connection = await packageConnection(node, resources, CONNECTIONS);
    const inputs = convertLiterals(node, PARAMETERS);
    const opened = new Map<string, Promise<Embedder>>();
    const about = { connection, resources, opened };
    return {
      inputs,
      streaming: "never",
      optionalInputs: new Set(["deployment_name", "model"]),
      function: "embedding",
      run: (call) => embed(call, { ...about, model: modelOf(call, connection) }),
      close: async () => {
        await Promise.all([...opened.values()].map(async (embedder) => (await embedder).close()));
      },
    };
  },
};

interface About {
  connection: Connection;
  resources: FlowResources;
  model: string;
  /** By model: those that call with a token, which serves many calls. */
  opened: Map<string, Promise<Embedder>>;
}

function textOf(call: NodeCall, name: string): string {
  return pyStr(plainInput(call.inputs[name] ?? ""));
}

function modelOf(call: NodeCall, { type }: Connection): string {
  return type === "AzureOpenAIConnection" ? textOf(call, "deployment_name") : textOf(call, "model") || DEFAULT_MODEL;
}

async function embed(call: NodeCall, { connection, resources, model, opened }: About): Promise<Value> {
  const given = plainInput(call.inputs["input"] ?? "");
  const input = pyStr(given);
  const { configs } = connection;
  const begin = (target: string): RunningCall =>
    call.began({ kind: "embedding", name: "openai_embeddings", target, inputs: () => ({ input }) });
  const shown = (vectors: Float32Array[]): CallEnd => ({ output: () => shownEmbeddings([input], vectors) });
  // A name of the configuration has no address of its own: its model is behind the resources.
  if (Object.keys(configs).length === 0 && !connection.secrets["api_key"]) {
    const embedder = embedderFor(await resources.embedder(connection.name), call.caller);
    if (!embedder) throw noEmbedder(call.node, connection.name);
    const running = begin(embedder.fingerprint);
    const [vector] = await telling(running, embedder.embed([input], "query", call.signal), shown);
    return Array.from(vector ?? [], float);
  }
  const running = begin(model);
  if (connection.identity) {
    const opening = opened.get(model) ?? openConnectionEmbedder(connection, model);
    opened.set(model, opening);
    const asked = opening.then((embedder) => embedder.embed([input], "query", call.signal));
    const [vector] = await telling(running, asked, shown);
    return Array.from(vector ?? [], float);
  }
  const asking = (): Promise<EmbeddingAnswer> =>
    ask(requestTo(connection, { model, input: given }), model, { call, running });
  const work = patiently(asking, PATIENCE, call.signal);
  const { vector } = await telling(running, work, (answer) => ({
    usage: answer.usage,
    output: () => shownEmbeddings([input], [answer.vector]),
  }));
  return vector;
}

/** Texts with the size of their vectors, as traces show them. */
function shownEmbeddings(texts: readonly string[], vectors: readonly { length: number }[]): Value {
  return texts.map((text, at) => ({
    "embedding.vector": `<${vectors[at]?.length ?? 0} dimensional vector>`,
    "embedding.text": text,
  }));
}

interface EmbeddingAnswer {
  vector: Value[];
  usage: TokenUsage | undefined;
}

interface EmbeddingRequest {
  url: string;
  headers: Record<string, string>;
  body: ValueMap;
  /** Is kept out of what is told of an answer. */
  secret: string;
}

function requestTo(
  { type, configs, secrets }: Connection,
  { model, input }: { model: string; input: Value },
): EmbeddingRequest {
  const key = secrets["api_key"] ?? "";
  const address = (...names: string[]): string =>
    pyStr(names.map((name) => configs[name]).find(Boolean) ?? "").replace(/\/+$/, "");
  if (type === "AzureOpenAIConnection") {
    const version = encodeURIComponent(pyStr(configs["api_version"] ?? "2024-02-01"));
    return {
      url: `${address("api_base")}/openai/deployments/${encodeURIComponent(model)}/embeddings?api-version=${version}`,
      headers: { "api-key": key, "ms-azure-ai-promptflow-called-from": "aoai-tool" },
      body: { input, model, encoding_format: "base64" },
      secret: key,
    };
  }
  const headers: Record<string, string> = { authorization: `Bearer ${key}` };
  if (type === "ServerlessConnection") {
    const url = `${address("api_base").replace(/\/v1$/, "")}/v1/embeddings`;
    // Not every model of the catalogue knows the short form.
    return { url, headers, body: { input: [input], model, encoding_format: "float" }, secret: key };
  }
  if (configs["organization"]) headers["openai-organization"] = pyStr(configs["organization"]);
  const url = `${address("base_url") || "https://api.openai.com/v1"}/embeddings`;
  return { url, headers, body: { input, model, encoding_format: "base64" }, secret: key };
}

async function ask(
  { url, headers, body, secret }: EmbeddingRequest,
  model: string,
  { call, running }: { call: NodeCall; running: RunningCall },
): Promise<EmbeddingAnswer> {
  const answer = await callHttp(
    {
      method: "POST",
      url,
      headers: {
        "content-type": "application/json",
        ...headers,
        ...running.headers,
        ...(call.caller ? { [PRINCIPAL_HEADER]: call.caller.principal } : {}),
      },
      body: stringifyJson(body),
    },
    call.signal,
  );
  const json = jsonOf(answer.text);
  if (answer.status !== 200) throw refusal(new URL(url).host, answer, { json, model, secret });
  const [first] = isMap(json) && Array.isArray(json["data"]) ? json["data"] : [];
  const vector = isMap(first) ? readVector(first["embedding"]) : undefined;
  if (!isMap(json) || !vector) {
    throw new FlowsteadError("ModelBadAnswer", `${new URL(url).host} answered with something else than an embedding.`);
  }
  const usage = usageOf(json["usage"]);
  if (usage) call.usage(usage);
  return { vector, usage };
}

/** Servers that do not know the short form that was asked for answer with a list. */
function readVector(embedding: Value | undefined): Value[] | undefined {
  if (Array.isArray(embedding)) {
    return embedding.map((item) => (isInt(item) || isFloat(item) ? float(toNumber(item)) : item));
  }
  if (typeof embedding !== "string") return undefined;
  const bytes = Buffer.from(embedding, "base64");
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, at) => float(bytes.readFloatLE(at * 4)));
}

function usageOf(usage: Value | undefined): TokenUsage | undefined {
  if (!isMap(usage)) return undefined;
  const prompt = Number(usage["prompt_tokens"] ?? 0);
  return { promptTokens: prompt, completionTokens: 0, totalTokens: Number(usage["total_tokens"] ?? prompt) };
}

const CODES: Record<number, ErrorCode> = {
  401: "ModelUnauthorized",
  403: "ModelUnauthorized",
  404: "ModelNotFound",
  429: "ModelRateLimited",
};

function refusal(
  host: string,
  { status, text, retryAfterMs }: HttpAnswer,
  { json, model, secret }: { json: Value | undefined; model: string; secret: string },
): FlowsteadError {
  const code = CODES[status] ?? (status >= 500 ? "ModelFailed" : "ModelRejected");
  const error = isMap(json) ? json["error"] : undefined;
  const said = isMap(error) && typeof error["message"] === "string" ? ` It says: "${error["message"]}"` : "";
  // The original's words are made of it.
  const upstreamBody = (secret === "" ? text : text.replaceAll(secret, "***")).slice(0, 2000);
  return new FlowsteadError(code, `${host} gave no embedding of model "${model}" (${status}).${said}`, {
    details: { upstreamStatus: status, ...(upstreamBody === "" ? {} : { upstreamBody }) },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function noEmbedder(node: string, connection: string): FlowsteadError {
  return new FlowsteadError(
    "FlowWithoutEmbedder",
    `Node '${node}' needs an embedding model behind connection '${connection}' and there is none.`,
    { details: { node, connection } },
  );
}
