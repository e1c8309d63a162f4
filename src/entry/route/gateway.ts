// The model gateway for other programs, on the paths that OpenAI's and Azure OpenAI's clients use. A flow's own clients come
// by way of their connection: `/connections/<name>` stands before either kind of path.

import { FlowsteadError } from "../../base/error/error.ts";
import { sseData } from "../../base/sse.ts";
import { clientSignal, readBody, responseSink, sendJson } from "../../endpoint/exchange.ts";
import { Completion } from "../../gateway/completion.ts";
import type { Credential } from "../../gateway/credential.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import { type ChatBody, readChat, readCompletion, readEmbedding, wireError } from "../../gateway/wire.ts";
import type { ChatModel } from "../../model/chat-model.ts";
import { chunkBody, textBody } from "../../gateway/text-completion.ts";
import type { Hot, HotRoute } from "../hot.ts";
import { bearerToken } from "../../identity/bearer-token.ts";

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
    const route = parsePath(hot.path);
    if (!route) return undefined;
    const secret = secretOf(hot);
    const credential = secret === undefined ? undefined : gateway.credentials.find(secret);
    // `/v1` belongs to the endpoints too: a key that is not the gateway's may be one of theirs.
    if (!credential && !route.isOwn) return undefined;
    return answer(hot, { gateway, credential, route });
  };
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
  const headers: Record<string, string> = { "x-request-id": hot.requestId, "apim-request-id": hot.requestId };
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
  hot.log.info(
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
    case "POST embeddings":
      return embed(hot, call);
    case "GET models": {
      const data = call.gateway
        .names(call.credential)
        .map((id) => ({ id, object: "model", created: 0, owned_by: "flowstead" }));
      return sendJson(hot.response, 200, { object: "list", data }, call.headers);
    }
    default:
      throw new FlowsteadError(
        "NotFound",
        `There is no ${hot.request.method} ${hot.path}. There are chat/completions, completions, embeddings and models, below /v1, /openai/v1 and /openai/deployments/<name>.`,
      );
  }
}

interface Form {
  read: (text: string, deployment?: string) => ChatBody;
  isText: boolean;
}

async function complete(hot: Hot, call: Call, { read, isText }: Form): Promise<void> {
  const { route, credential, headers } = call;
  const body = read(await readBody(hot.request, BODY_LIMIT), route.deployment);
  const model = await modelOf(call, body.model);
  // A pool's name is ours; what its members call the model, they know themselves.
  const upstreamModel = route.connection === undefined ? undefined : body.model;
  const request = { ...body.request, model: upstreamModel, caller: credential.caller };
  const chunks = model.chat(request, clientSignal(hot.response));
  if (request.stream) return stream(hot, chunks, { headers, includeUsage: body.includeUsage, isText });
  const completion = new Completion();
  for await (const chunk of chunks) completion.add(chunk);
  const whole = completion.body();
  sendPlain(hot, isText ? textBody(whole) : whole, headers);
}

async function modelOf({ route, gateway, credential }: Call, name: string): Promise<ChatModel> {
  return route.connection === undefined ? gateway.model(name, credential) : gateway.connectionModel(route.connection);
}

async function stream(
  hot: Hot,
  chunks: ReturnType<ChatModel["chat"]>,
  { headers, includeUsage, isText }: { headers: Record<string, string>; includeUsage: boolean; isText: boolean },
): Promise<void> {
  const sink = responseSink(hot.response, headers);
  let hasBegun = false;
  try {
    for await (const chunk of chunks) {
      if (!includeUsage && chunk.usage && chunk.choices.length === 0) continue;
      if (!hasBegun) {
        hasBegun = true;
        sink.head(200, {
          "content-type": "text/event-stream; charset=utf-8",
          "cache-control": "no-cache, no-transform",
          "x-accel-buffering": "no",
        });
      }
      const pause = sink.write(sseData(JSON.stringify(isText ? chunkBody(chunk) : chunk)));
      if (pause) await pause;
    }
  } catch (thrown) {
    if (!hasBegun) throw thrown;
    // The head has left: clients raise an error from a chunk that holds one.
    await sink.write(sseData(JSON.stringify(wireError(thrown).body)));
    sink.end();
    throw thrown;
  }
  await sink.write("data: [DONE]\n\n");
  sink.end();
}

async function embed(hot: Hot, { route, gateway, credential, headers }: Call): Promise<void> {
  const { model, texts, isBase64 } = readEmbedding(await readBody(hot.request, BODY_LIMIT), route.deployment);
  const embedder =
    route.connection === undefined
      ? gateway.embedder(model, credential)
      : await gateway.connectionEmbedder(route.connection, model, credential);
  let tokens = 0;
  const vectors = await embedder.embed(texts, "document", clientSignal(hot.response), (used) => {
    tokens += used;
  });
  const data = vectors.map((vector, index) => ({
    object: "embedding",
    index,
    embedding: isBase64
      ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64")
      : Array.from(vector),
  }));
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  sendPlain(hot, { object: "list", data, model, usage }, headers);
}

function sendPlain(hot: Hot, body: unknown, headers: Record<string, string>): void {
  const text = JSON.stringify(body);
  hot.response.writeHead(200, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...headers,
  });
  hot.response.end(text);
}

function sendFailure(hot: Hot, thrown: unknown, headers: Record<string, string>): void {
  const { status, headers: more, body } = wireError(thrown);
  if (hot.response.headersSent) {
    if (!hot.response.writableEnded) hot.response.destroy();
  } else sendJson(hot.response, status, body, { ...headers, ...more });
}
