// Serves one target over HTTP: the original's public contract (`/score`, `/health`, `/version`, `/swagger.json`) and, for
// the router, `/describe` and `/invoke`, which carry a target's own language. An instance listens on a Unix socket with it,
// `flow serve` on a port.

import type { RequestListener, Server } from "node:http";
import { FlowsteadError } from "../base/error/error.ts";
import { parseJson, stringifyJson } from "../base/json.ts";
import type { Logger } from "../base/log.ts";
import type { TraceContext } from "../base/trace-context.ts";
import { pyRepr } from "../base/value.ts";
import { swagger } from "../flow/swagger.ts";
import type { FlowCall, Target } from "../flow/target.ts";
import { frontedServer } from "../network/fronted-server.ts";
import type { ServedRequest, ServedResponse } from "../network/served-exchange.ts";
import type { Meter } from "../trace/meter.ts";
import { callerOf, traceOf } from "./caller.ts";
import { connectionSignal, readBody, responseSink, sendError, sendJson } from "./exchange.ts";
import { readScoreCall } from "./score-call.ts";
import { watchScore } from "./score-metric.ts";
import { answeredSignature, hiddenOutputs } from "./score-output.ts";
import { writeScore } from "./score.ts";
import type { StaticPages } from "./static-page.ts";

export interface FlowServerOptions {
  log: Logger;
  version: string;
  /** Serves `/describe` and `/invoke` too; only where the listener is private. */
  internal?: boolean;
  /** The outputs that are answered, in place of all that are not for evaluation only. */
  includedFields?: readonly string[] | undefined;
  /** What `/version` tells of the build. */
  build?: { info: string; version: string | undefined };
  /** Stands in `/swagger.json` in place of the name in the flow's file. */
  name?: string;
  /** Stands in `/swagger.json` as the example of a request. */
  sample?: Record<string, unknown> | undefined;
  pages?: StaticPages;
  /** Whether pages of other origins may read answers, as the original lets them. */
  cors?: boolean;
  feedback?: (feedback: Feedback) => void;
  /** Counts calls of `/score`, where metrics go somewhere. */
  meter?: Meter | undefined;
  bodyLimit?: number;
}

/** What a user says about an answer. */
export interface Feedback {
  text: string;
  /** Whether its fields are to be told one by one. */
  flatten: boolean;
  trace: TraceContext | undefined;
}

interface Exchange {
  request: ServedRequest;
  response: ServedResponse;
  /** Of every answer; given with its head, since one that is set before makes each head three times as slow. */
  headers: Readonly<Record<string, string>>;
}

type Handler = (exchange: Exchange) => Promise<void> | void;

const BODY_LIMIT = 32 * 2 ** 20;
const HTML = "text/html; charset=utf-8";
const ANY_ORIGIN = { "access-control-allow-origin": "*" };
const NO_HEADERS = {};

export function flowServer(target: Target, options: FlowServerOptions): Server {
  const routes = serverRoutes(target, options);
  const headers = options.cors ? ANY_ORIGIN : NO_HEADERS;
  const begin = (handler: Handler, exchange: Exchange, path: string): void => {
    handler(exchange)?.catch((thrown: unknown) => {
      options.log.error({ err: thrown, path }, "request failed");
      sendError(exchange.response, thrown, headers);
    });
  };
  const listener: RequestListener = (request, response) => {
    const path = plainPath(pathOf(request));
    const exchange = { request, response, headers };
    if (options.cors && request.method === "OPTIONS") return preflight(exchange, routes, path);
    const method = request.method === "HEAD" ? "GET" : request.method;
    const handler = routes[`${method} ${path}`];
    if (!handler) {
      const isStatic = method === "GET" && path.startsWith("/static/");
      if (isStatic && options.pages?.send(path.slice("/static/".length), response, headers)) return;
      return unknownPath(exchange, path);
    }
    begin(handler, exchange, path);
  };
  return frontedServer({ keepAliveTimeout: 75_000 }, listener, (request, response) => {
    const path = pathOf(request);
    const handler = routes[`${request.method} ${path}`];
    if (handler) begin(handler, { request, response, headers }, path);
    return handler !== undefined;
  });
}

function pathOf({ url }: ServedRequest): string {
  return url?.split("?", 1)[0] ?? "/";
}

/** As routes are written: nothing encoded, one slash at a time. */
function plainPath(path: string): string {
  return path.includes("%") || path.includes("//") ? decoded(path).replace(/\/{2,}/g, "/") : path;
}

function serverRoutes(target: Target, options: FlowServerOptions): Record<string, Handler> {
  const { build = { info: "", version: undefined }, pages } = options;
  const health = { status: "Healthy", version: options.version };
  const version = { build_info: build.info, ...health, version: build.version ?? options.version };
  const routes: Record<string, Handler> = {
    "POST /score": (exchange) => score(target, options, exchange),
    "GET /health": ({ response, headers }) => sendJson(response, 200, health, headers),
    "GET /version": ({ response, headers }) => sendJson(response, 200, version, headers),
    "POST /feedback": (exchange) => feedback(options, exchange),
    "GET /swagger.json": async ({ response, headers }) => {
      const signature = await target.describe();
      const hidden = hiddenOutputs(signature, options.includedFields);
      const named = { ...signature, name: options.name ?? signature.name };
      sendJson(response, 200, swagger(named, { sample: options.sample, hidden }), headers);
    },
  };
  if (options.internal) {
    routes["GET /describe"] = async ({ response }) =>
      sendJson(response, 200, answeredSignature(await target.describe(), options.includedFields));
    routes["POST /invoke"] = (exchange) => invoke(target, options, exchange);
  }
  if (pages) {
    routes["GET /"] = routes["POST /"] = ({ response, headers }) => {
      response.writeHead(200, { ...headers, "content-type": HTML }).end(pages.home);
    };
  }
  return routes;
}

async function score(target: Target, options: FlowServerOptions, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const { requestId, headers: ids, trace } = callerOf(request.headers);
  const headers = { ...exchange.headers, ...ids };
  try {
    const signature = await target.describe();
    const { bodyLimit = BODY_LIMIT, meter, includedFields } = options;
    const { inputs, format } = await readScoreCall(request, signature, { bodyLimit, meter, includedFields });
    const [whole, unannounced] = [format === "json", format !== "json"];
    const call: FlowCall = {
      inputs,
      runId: requestId,
      requestId,
      brief: true,
      quiet: true,
      whole,
      unannounced,
      ...trace,
    };
    const events = target.invoke(call, connectionSignal(request));
    const watch = watchScore(responseSink(response, headers), { meter, flow: signature, format });
    const failed = await writeScore(events, watch.sink, {
      format,
      accept: request.headers.accept,
      signature,
      includedFields,
    });
    watch.done(failed);
    // A caller who leaves is no fault of anybody's.
    const level = failed?.code === "Canceled" ? "debug" : "warn";
    if (failed) options.log[level]({ requestId, code: failed.code, message: failed.message }, "score failed");
  } catch (thrown) {
    sendError(response, thrown, headers);
  }
}

async function invoke(target: Target, options: FlowServerOptions, { request, response }: Exchange): Promise<void> {
  const call = parseJson(await readBody(request, options.bodyLimit ?? BODY_LIMIT)) as unknown as FlowCall;
  const sink = responseSink(response);
  sink.head(200, { "content-type": "application/x-ndjson" });
  for await (const event of target.invoke(call, connectionSignal(request))) {
    const text = event.type === "text-delta" ? JSON.stringify(event) : stringifyJson(event);
    await sink.write(`${text}\n`);
    if (response.destroyed) break;
  }
  sink.end();
}

/** What users say about answers; it goes to the log, and into the trace that the caller names. */
async function feedback(options: FlowServerOptions, { request, response, headers }: Exchange): Promise<void> {
  const text = await readBody(request, options.bodyLimit ?? BODY_LIMIT);
  const trace = traceOf(request.headers);
  options.log.info({ feedback: text, traceparent: trace?.traceparent }, "feedback");
  const query = new URLSearchParams(request.url?.split("?", 2)[1] ?? "");
  options.feedback?.({ text, flatten: query.get("flatten")?.toLowerCase() === "true", trace });
  sendJson(response, 200, { status: "Feedback received." }, headers);
}

function preflight({ request, response, headers }: Exchange, routes: Record<string, Handler>, path: string): void {
  const methods = Object.keys(routes)
    .filter((route) => route.endsWith(` ${path}`))
    .map((route) => route.split(" ", 1)[0]);
  const wanted = request.headers["access-control-request-headers"];
  response
    .writeHead(200, {
      ...headers,
      allow: [...methods, "OPTIONS"].join(", "),
      "access-control-allow-methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
      ...(typeof wanted === "string" ? { "access-control-allow-headers": wanted } : {}),
    })
    .end();
}

function unknownPath({ request, response, headers }: Exchange, path: string): void {
  response
    .writeHead(404, { ...headers, "content-type": HTML, "x-content-type-options": "nosniff" })
    .end(
      `The requested api ${escapeHtml(pyRepr(path.slice(1)))} with ${request.method} is not supported by current app, ` +
        "if you entered the URL manually please check your spelling and try again.",
    );
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path.replace(/%[\da-f]{2}/gi, "\ufffd");
  }
}

/** The original answers in HTML, so what the caller wrote must not become markup; quotes are harmless in text. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
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
