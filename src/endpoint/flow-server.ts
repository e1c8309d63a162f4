// Serves one target over HTTP: the original's public contract (`/score`, `/health`, `/version`, `/swagger.json`) and, for
// the router, `/describe` and `/invoke`, which carry a target's own language. An instance listens on a Unix socket with it,
// `flow serve` on a port.

import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { FlowsteadError } from "../base/error/error.ts";
import { uuid } from "../base/id.ts";
import { parseJson, stringifyJson } from "../base/json.ts";
import type { Logger } from "../base/log.ts";
import { swagger } from "../flow/swagger.ts";
import type { FlowCall, Target } from "../flow/target.ts";
import { scoreFormat } from "./accept.ts";
import { clientSignal, readBody, responseSink, sendError, sendJson } from "./exchange.ts";
import { parseScoreRequest } from "./score-request.ts";
import { writeScore } from "./score.ts";

export interface FlowServerOptions {
  log: Logger;
  version: string;
  /** Serves `/describe` and `/invoke` too; only where the listener is private. */
  internal?: boolean;
  includedFields?: readonly string[];
  /** The page at `/`, when there is one. */
  page?: string;
  bodyLimit?: number;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

export function flowServer(target: Target, options: FlowServerOptions): Server {
  const health = { status: "Healthy", version: options.version };
  const routes: Record<string, Handler> = {
    "POST /score": (request, response) => score(target, options, { request, response }),
    "GET /health": (_request, response) => sendJson(response, 200, health),
    "GET /version": (_request, response) => sendJson(response, 200, { build_info: "", ...health }),
    "POST /feedback": (request, response) => feedback(options, { request, response }),
    "GET /swagger.json": async (_request, response) => sendJson(response, 200, swagger(await target.describe())),
  };
  if (options.internal) {
    routes["GET /describe"] = async (_request, response) => sendJson(response, 200, await target.describe());
    routes["POST /invoke"] = (request, response) => invoke(target, options, { request, response });
  }
  const { page } = options;
  if (page !== undefined) {
    routes["GET /"] = (_request, response) => {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
    };
  }
  return createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    const path = request.url?.split("?", 1)[0] ?? "/";
    const handler = routes[`${request.method} ${path}`];
    if (!handler) return unknownPath(request, response, path);
    Promise.resolve(handler(request, response)).catch((thrown: unknown) => {
      options.log.error({ err: thrown, path }, "request failed");
      sendError(response, thrown);
    });
  });
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

async function score(target: Target, options: FlowServerOptions, { request, response }: Exchange): Promise<void> {
  const requestId = header(request, "x-request-id") ?? header(request, "x-ms-client-request-id") ?? uuid();
  const headers = { "x-request-id": requestId };
  try {
    const signature = await target.describe();
    const format = scoreFormat(request.headers.accept, signature);
    const inputs = parseScoreRequest(signature, await readBody(request, options.bodyLimit ?? 32 * 2 ** 20));
    const call: FlowCall = { inputs, runId: requestId, requestId, traceparent: header(request, "traceparent") };
    const events = target.invoke(call, clientSignal(response));
    const failed = await writeScore(events, responseSink(response, headers), {
      format,
      signature,
      includedFields: options.includedFields,
    });
    if (failed) options.log.warn({ requestId, code: failed.code, message: failed.message }, "score failed");
  } catch (thrown) {
    sendError(response, thrown, headers);
  }
}

async function invoke(target: Target, options: FlowServerOptions, { request, response }: Exchange): Promise<void> {
  const call = parseJson(await readBody(request, options.bodyLimit ?? 32 * 2 ** 20)) as unknown as FlowCall;
  const sink = responseSink(response);
  sink.head(200, { "content-type": "application/x-ndjson" });
  for await (const event of target.invoke(call, clientSignal(response))) {
    const text = event.type === "text-delta" ? JSON.stringify(event) : stringifyJson(event);
    await sink.write(`${text}\n`);
    if (response.destroyed) break;
  }
  sink.end();
}

/** What users say about answers; it goes to the log, beside the request that it belongs to. */
async function feedback(options: FlowServerOptions, { request, response }: Exchange): Promise<void> {
  const text = await readBody(request, options.bodyLimit ?? 32 * 2 ** 20);
  options.log.info({ feedback: text, traceparent: header(request, "traceparent") }, "feedback");
  sendJson(response, 200, { status: "Feedback received." });
}

function unknownPath(request: IncomingMessage, response: ServerResponse, path: string): void {
  response
    .writeHead(404, { "content-type": "text/html; charset=utf-8", "x-content-type-options": "nosniff" })
    .end(
      `The requested api '${escapeHtml(path.slice(1))}' with ${request.method} is not supported by current app, ` +
        "if you entered the URL manually please check your spelling and try again.",
    );
}

/** The original answers in HTML, so what the caller wrote must not become markup. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Listens on a port or a Unix socket. @throws FlowsteadError `PortInUse` when the port is taken. */
export function listen(server: Server, where: { port: number; host: string } | { socketPath: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const place = "port" in where ? `${where.host}:${where.port}` : where.socketPath;
      const code = error.code === "EADDRINUSE" ? "PortInUse" : "Unexpected";
      reject(new FlowsteadError(code, `Cannot listen on ${place}: ${error.message}`, { cause: error }));
    };
    server.once("error", onError);
    server.listen("port" in where ? where : { path: where.socketPath }, () => {
      server.off("error", onError);
      resolve();
    });
  });
}
