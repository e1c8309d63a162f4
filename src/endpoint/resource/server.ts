// Lends a flow's resources to its instances over a private socket: models, indexes, embedders and connections stay in this
// process, with their keys; an instance holds a token and nothing else.

import { timingSafeEqual } from "node:crypto";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { parseJson, plain, stringifyJson } from "../../base/json.ts";
import type { Logger } from "../../base/log.ts";
import type { FlowResources } from "../../flow/resource.ts";
import type { ChatRequest } from "../../model/chat-model.ts";
import { clientSignal, readBody, responseSink, sendJson } from "../exchange.ts";
import { indexCall, runIndexCall } from "./index-call.ts";

export interface ResourceServerOptions {
  token: string;
  log: Logger;
  /** Lets instances change indexes; off for deployed flows. */
  writable?: boolean;
}

const BODY_LIMIT = 64 * 2 ** 20;

const chatCall = z.object({
  connection: z.string(),
  request: z.looseObject({
    messages: z.array(z.looseObject({ role: z.string() })),
    stream: z.boolean(),
    parameters: z.record(z.string(), z.unknown()),
  }),
});
const embedCall = z.object({
  connection: z.string().optional(),
  texts: z.array(z.string()),
  kind: z.enum(["query", "document"]),
});
const named = z.object({ name: z.string() });

type Handler = (body: unknown, signal: AbortSignal) => Promise<unknown>;

export function resourceServer(resources: FlowResources, options: ResourceServerOptions): Server {
  const calls: Record<string, Handler> = {
    "/model": async (body) => {
      const model = await resources.chatModel(named.parse(body).name);
      return { id: model.id };
    },
    "/model/probe": async (body, signal) => (await resources.chatModel(named.parse(body).name)).probe(signal),
    "/embedder": async (body) => {
      const embedder = await resources.embedder(z.object({ name: z.string().optional() }).parse(body).name);
      return embedder && { fingerprint: embedder.fingerprint, dimensions: embedder.dimensions };
    },
    "/embed": async (body, signal) => {
      const { connection, texts, kind } = embedCall.parse(body);
      const embedder = await resources.embedder(connection);
      if (!embedder)
        throw new FlowsteadError(
          "InvalidRequest",
          "No embedder is configured. Add one under `embedder:` in flowstead.yaml.",
        );
      const vectors = await embedder.embed(texts, kind, signal);
      return vectors.map((vector) => [...vector]);
    },
    "/connection": (body) => resources.connection(named.parse(body).name),
    "/index": async (body, signal) => {
      const call = indexCall.parse(body);
      return runIndexCall(await resources.searchIndex(call.index), call, {
        signal,
        writable: options.writable ?? false,
      });
    },
  };
  return createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    answer(request, response, { calls, resources, options }).catch((thrown: unknown) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: toError(thrown).toBody() });
    });
  });
}

interface Room {
  calls: Record<string, Handler>;
  resources: FlowResources;
  options: ResourceServerOptions;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { calls, resources, options }: Room,
): Promise<void> {
  try {
    if (!hasToken(request, options.token))
      throw new FlowsteadError("Unauthorized", "The instance token is missing or wrong.");
    const signal = clientSignal(response);
    const body = plain(parseJson(await readBody(request, BODY_LIMIT)));
    if (request.url === "/chat") return await chat(resources, body, { response, signal });
    const call = calls[request.url ?? ""];
    if (!call) throw new FlowsteadError("NotFound", `There is no resource at ${request.url}.`);
    sendJson(response, 200, (await call(body, signal)) ?? null);
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
  { response, signal }: { response: ServerResponse; signal: AbortSignal },
): Promise<void> {
  const { connection, request } = chatCall.parse(body);
  const model = await resources.chatModel(connection);
  const sink = responseSink(response);
  sink.head(200, { "content-type": "application/x-ndjson" });
  try {
    for await (const chunk of model.chat(request as unknown as ChatRequest, signal)) {
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

function hasToken(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
