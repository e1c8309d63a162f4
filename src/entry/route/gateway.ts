// The model gateway for other programs, on the paths that OpenAI's and Azure OpenAI's clients use. A flow's own clients come
// by way of their connection: `/connections/<name>` stands before either kind of path.

import { FlowsteadError } from "../../base/error/error.ts";
import { clientSignal, connectionSignal, readBody, sendJson } from "../../endpoint/exchange.ts";
import { type Credential, charging } from "../../gateway/credential.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import { completeEach } from "../../gateway/prompt-list.ts";
import { ResponseAnswer } from "../../gateway/response-answer.ts";
import { readResponse } from "../../gateway/response-request.ts";
import { type ChatBody, readChat, readCompletion, readEmbedding, readFields } from "../../gateway/wire.ts";
import { bearerToken } from "../../identity/bearer-token.ts";
import { type ChatModel, PRINCIPAL_HEADER, partsOf } from "../../model/chat-model.ts";
import type { Hot, HotRoute } from "../hot.ts";
import { sendFailure, sendPlain, sendResponse, sendStream, sendWhole } from "./gateway-answer.ts";

interface Route {
  operation: string;
  /** Azure's classic paths name the deployment. */
  deployment: string | undefined;
  connection: string | undefined;
  /** Whether nobody else answers this path. */
  isOwn: boolean;
}

interface Call {
  route: Route;
  gateway: Gateway;
  credential: Credential;
  headers: Record<string, string>;
}

const BODY_LIMIT = 64 * 2 ** 20;

export function gatewayRoute(gateway: Gateway): HotRoute<unknown> {
  return (hot) => {
    const route = routeOf(hot.path);
    if (!route) return undefined;
    const secret = secretOf(hot);
    const holder = secret === undefined ? undefined : gateway.credentials.find(secret);
    const credential = holder && charging(holder, hot.request.headers[PRINCIPAL_HEADER]);
    // `/v1` belongs to the endpoints too: a key that is not the gateway's may be one of theirs.
    if (!credential && !route.isOwn) return undefined;
    return answer(hot, { gateway, credential, route });
  };
}

/** Callers use few of them. */
const routes = new Map<string, Route | undefined>();
const MOST_ROUTES = 200;

function routeOf(path: string): Route | undefined {
  const known = routes.get(path);
  if (known || routes.has(path)) return known;
  if (routes.size >= MOST_ROUTES) routes.clear();
  const route = parsePath(path);
  routes.set(path, route);
  return route;
}

function parsePath(path: string): Route | undefined {
  const match = /^(?:\/connections\/([^/]+))?(?:(\/openai)?\/v1\/(.+)|\/openai\/(?:deployments\/([^/]+)\/)?(.+))$/.exec(
    path,
  );
  if (!match) return undefined;
  const [, connection, azure, plain, deployment, classic] = match;
  return {
    operation: plain ?? classic ?? "",
    deployment: deployment && decoded(deployment),
    connection: connection && decoded(connection),
    isOwn: connection !== undefined || azure !== undefined || classic !== undefined,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function secretOf({ request }: Hot): string | undefined {
  const key = request.headers["api-key"];
  if (typeof key === "string") return key;
  return bearerToken(request.headers.authorization);
}

async function answer(
  hot: Hot,
  { gateway, credential, route }: { gateway: Gateway; credential: Credential | undefined; route: Route },
): Promise<void> {
  const startedAt = performance.now();
  const headers = Object.assign({ "apim-request-id": hot.requestId }, hot.ids);
  let problem: FlowsteadError | undefined;
  try {
    if (!credential) {
      throw new FlowsteadError(
        "Unauthorized",
        'The gateway key is missing or wrong. Send it as "api-key" or "Authorization: Bearer"; "flowstead gateway get-credentials" prints it.',
      );
    }
    await dispatch(hot, { route, gateway, credential, headers });
  } catch (thrown) {
    problem = FlowsteadError.from(thrown);
    if (problem.code === "Unexpected") hot.log.error({ err: thrown }, "gateway call failed");
    sendFailure(hot, thrown, headers);
  }
  hot.note(
    {
      principal: credential?.caller.principal,
      operation: route.operation,
      status: problem?.code === "Canceled" ? problem.status : hot.response.statusCode,
      durationMs: Math.round(performance.now() - startedAt),
      ...(problem ? { code: problem.code, problem: problem.message } : {}),
    },
    "gateway",
  );
}

function dispatch(hot: Hot, call: Call): Promise<void> | void {
  switch (`${hot.request.method} ${call.route.operation}`) {
    case "POST chat/completions":
      return complete(hot, call, { read: readChat, isText: false });
    case "POST completions":
      return complete(hot, call, { read: readCompletion, isText: true });
    case "POST responses":
      return respond(hot, call);
    case "POST embeddings":
      return embed(hot, call);
    case "GET models": {
      const data = call.gateway.names(call.credential).map(modelCard);
      return sendJson(hot.response, 200, { object: "list", data }, call.headers);
    }
    default: {
      const name = hot.request.method === "GET" ? /^models\/(.+)$/.exec(call.route.operation)?.[1] : undefined;
      if (name !== undefined) {
        return sendJson(hot.response, 200, modelCard(nameAmong(call, decoded(name))), call.headers);
      }
      throw new FlowsteadError(
        "NotFound",
        `There is no ${hot.request.method} ${hot.path}. There are chat/completions, completions, responses, embeddings and models, below /v1, /openai/v1 and /openai/deployments/<name>.`,
      );
    }
  }
}

function modelCard(id: string): object {
  return { id, object: "model", created: 0, owned_by: "flowstead" };
}

function nameAmong({ gateway, credential }: Call, name: string): string {
  const names = gateway.names(credential);
  if (names.includes(name)) return name;
  throw new FlowsteadError("ModelNotFound", `There is no model "${name}" here. There are: ${names.join(", ")}.`);
}

interface Form {
  read: (text: string, deployment?: string) => ChatBody;
  isText: boolean;
}

async function complete(hot: Hot, call: Call, { read, isText }: Form): Promise<void> {
  const { route, credential, headers } = call;
  const text = readBody(hot.request, BODY_LIMIT);
  const body = read(typeof text === "string" ? text : await text, route.deployment);
  const found = modelOf(call, body.model);
  const model = found instanceof Promise ? await found : found;
  // A pool's name is ours; what its members call the model, they know themselves.
  const upstreamModel = route.connection === undefined ? undefined : body.model;
  const { messages, prompt, stream, parameters } = body.request;
  const request = { messages, prompt, stream, parameters, model: upstreamModel, caller: credential.caller };
  const signal = connectionSignal(hot.request);
  // The older API's answers are made from chunks of the newer one.
  const parts =
    (isText ? undefined : model.relay?.(request, signal)) ??
    partsOf(body.prompts ? completeEach(model, body.prompts, { request, signal }) : model.chat(request, signal));
  await (request.stream
    ? sendStream(hot, parts, { headers, includeUsage: body.includeUsage, isText })
    : sendWhole(hot, parts, { headers, isText }));
}

async function respond(hot: Hot, call: Call): Promise<void> {
  const { route, credential, headers } = call;
  const {
    model: name,
    request: asked,
    fields,
  } = readResponse(readFields(await readBody(hot.request, BODY_LIMIT)), route.deployment);
  const model = await modelOf(call, name);
  const upstreamModel = route.connection === undefined ? undefined : name;
  const request = { ...asked, model: upstreamModel, caller: credential.caller };
  const chunks = model.chat(request, clientSignal(hot.response));
  await sendResponse(hot, chunks, { headers, answer: new ResponseAnswer(fields, name), isStream: asked.stream });
}

function modelOf({ route, gateway, credential }: Call, name: string): ChatModel | Promise<ChatModel> {
  return route.connection === undefined ? gateway.model(name, credential) : gateway.connectionModel(route.connection);
}

async function embed(hot: Hot, { route, gateway, credential, headers }: Call): Promise<void> {
  const { model, inputs, dimensions, isBase64, user } = readEmbedding(
    await readBody(hot.request, BODY_LIMIT),
    route.deployment,
  );
  const embedder =
    route.connection === undefined
      ? gateway.embedder(model, credential)
      : await gateway.connectionEmbedder(route.connection, { model, dimensions }, credential);
  if (dimensions !== undefined && embedder.dimensions !== dimensions) {
    throw new FlowsteadError(
      "InvalidRequest",
      `dimensions: the vectors of "${model}" have ${embedder.dimensions} numbers here. Leave the field out.`,
      { details: { param: "dimensions" } },
    );
  }
  let tokens = 0;
  const onUsage = (used: number): void => {
    tokens += used;
  };
  const vectors = await embedder.embed(inputs, "query", clientSignal(hot.response), { onUsage, user });
  const data = vectors.map((vector, index) => ({
    object: "embedding",
    index,
    embedding: isBase64
      ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64")
      : Array.from(vector),
  }));
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  sendPlain(hot.response, { object: "list", data, model, usage }, headers);
}
