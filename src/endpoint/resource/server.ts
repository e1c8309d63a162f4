// Lends a flow's resources to its instances over a private socket: models, indexes, embedders and connections stay in this
// process, with their keys; an instance holds a token and nothing else.

import { timingSafeEqual } from "node:crypto";
import type { Server } from "node:http";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { parsePlainJson, stringifyJson } from "../../base/json.ts";
import type { Logger } from "../../base/log.ts";
import type { FlowResources } from "../../flow/resource.ts";
import type { ChatRequest } from "../../model/chat-model.ts";
import { embedderFor } from "../../model/embedder.ts";
import { frontedServer } from "../../network/fronted-server.ts";
import type { ServedRequest, ServedResponse } from "../../network/served-exchange.ts";
import { clientSignal, readBody, responseSink, sendJson } from "../exchange.ts";
import { type ResourceGrant, chargedCaller } from "./grant.ts";
import { indexCall, runIndexCall } from "./index-call.ts";

export interface ResourceServerOptions {
  /** The one token, or what each token that is known may see. */
  token: string | ((token: string) => ResourceGrant | undefined);
  log: Logger;
  /** Lets instances change indexes; off for deployed flows. */
  writable?: boolean;
}

const BODY_LIMIT = 64 * 2 ** 20;

const caller = z.object({ principal: z.string() }).optional();
const chatCall = z.object({
  connection: z.string(),
  request: z.looseObject({
    messages: z.array(z.looseObject({ role: z.string() })),
    stream: z.boolean(),
    parameters: z.record(z.string(), z.unknown()),
    caller,
  }),
});
const embedCall = z.object({
  connection: z.string().optional(),
  texts: z.array(z.string()),
  kind: z.enum(["query", "document"]),
  caller,
});
const named = z.object({ name: z.string() });
const maybeNamed = z.object({ name: z.string().optional() });

type Handler = (body: unknown, signal: AbortSignal, grant: ResourceGrant) => Promise<unknown>;

export function resourceServer(resources: FlowResources, options: ResourceServerOptions): Server {
  const calls: Record<string, Handler> = {
    "/model": async (body) => {
      const model = await resources.chatModel(named.parse(body).name);
      return { id: model.id };
    },
    "/model/probe": async (body, signal) => (await resources.chatModel(named.parse(body).name)).probe(signal),
    "/embedder": async (body) => {
      const embedder = await resources.embedder(maybeNamed.parse(body).name);
      return embedder && { fingerprint: embedder.fingerprint, dimensions: embedder.dimensions };
    },
    "/embed": async (body, signal, grant) => {
      const { connection, texts, kind, caller: said } = embedCall.parse(body);
      const embedder = embedderFor(await resources.embedder(connection), chargedCaller(grant, said));
      if (!embedder)
        throw new FlowsteadError(
          "InvalidRequest",
          "No embedder is configured. Add one under `embedder:` in flowstead.yaml.",
        );
      const vectors = await embedder.embed(texts, kind, signal);
      return vectors.map((vector) => [...vector]);
    },
    "/connection": async (body, _signal, { mayRead, present }) => {
      const { name } = named.parse(body);
      if (mayRead && !mayRead(name)) {
        throw new FlowsteadError(
          "Forbidden",
          `The flow's files do not name a connection "${name}", so it may not read it.`,
        );
      }
      const connection = await resources.connection(name);
      return present ? present(connection) : connection;
    },
    "/index": async (body, signal, grant) => {
      const call = indexCall.parse(body);
      return runIndexCall(await resources.searchIndex(call.index), call, {
        signal,
        writable: options.writable ?? false,
        callerOf: (said) => chargedCaller(grant, said),
      });
    },
  };
  const begin = (request: ServedRequest, response: ServedResponse): void => {
    answer(request, response, { calls, resources, options }).catch((thrown: unknown) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: toError(thrown).toBody() });
    });
  };
  return frontedServer({ keepAliveTimeout: 75_000 }, begin, (request, response) => {
    begin(request, response);
    return true;
  });
}

interface Room {
  calls: Record<string, Handler>;
  resources: FlowResources;
  options: ResourceServerOptions;
}

async function answer(
  request: ServedRequest,
  response: ServedResponse,
  { calls, resources, options }: Room,
): Promise<void> {
  try {
    const grant = grantOf(request, options.token);
    if (!grant) throw new FlowsteadError("Unauthorized", "The instance token is missing or wrong.");
    const signal = clientSignal(response);
    const body = parsePlainJson(await readBody(request, BODY_LIMIT));
    if (request.url === "/chat") return await chat(resources, body, { response, signal, grant });
    const call = calls[request.url ?? ""];
    if (!call) throw new FlowsteadError("NotFound", `There is no resource at ${request.url}.`);
    sendJson(response, 200, (await call(body, signal, grant)) ?? null);
  } catch (thrown) {
    const error = toError(thrown);
    if (error.code === "Unexpected") options.log.error({ err: thrown, path: request.url }, "resource call failed");
    if (response.headersSent) response.destroy();
    else sendJson(response, error.status >= 400 ? error.status : 500, { error: error.toBody() });
  }
}

/** Chunks as JSON lines; a failure is a last line `{"error": ...}`, since the head has left by then. */
async function chat(
  resources: FlowResources,
  body: unknown,
  { response, signal, grant }: { response: ServedResponse; signal: AbortSignal; grant: ResourceGrant },
): Promise<void> {
  const { connection, request } = chatCall.parse(body);
  const charged = { ...(request as unknown as ChatRequest), caller: chargedCaller(grant, request.caller) };
  const model = await resources.chatModel(connection);
  const sink = responseSink(response);
  sink.head(200, { "content-type": "application/x-ndjson" });
  try {
    for await (const chunk of model.chat(charged, signal)) {
      await sink.write(`${JSON.stringify(chunk)}\n`);
      if (response.destroyed) return;
    }
  } catch (thrown) {
    await sink.write(`${stringifyJson({ error: toError(thrown).toBody() })}\n`);
  }
  sink.end();
}

function toError(thrown: unknown): FlowsteadError {
  if (thrown instanceof z.ZodError)
    return new FlowsteadError("InvalidRequest", z.prettifyError(thrown), { cause: thrown });
  return FlowsteadError.from(thrown);
}

function grantOf(request: ServedRequest, token: ResourceServerOptions["token"]): ResourceGrant | undefined {
  if (typeof token === "string") return hasToken(request, token) ? {} : undefined;
  return token(/^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "");
}

function hasToken(request: ServedRequest, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
