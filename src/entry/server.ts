// The only public listener: hot paths first, then the routes of the page and its back end, on one server.

import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { Socket } from "node:net";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from "fastify";
import { FlowsteadError } from "../base/error/error.ts";
import { uuid } from "../base/id.ts";
import type { Logger } from "../base/log.ts";
import type { OnlineEndpoint } from "../endpoint/endpoint.ts";
import type { Journal } from "../endpoint/log/journal.ts";
import { sendError } from "../endpoint/exchange.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { isLoopback } from "../network/address.ts";
import { type PlainFront, plainFront } from "../network/plain-front.ts";
import type { Meter } from "../trace/meter.ts";
import { SECURITY_HEADERS, originGuard } from "./guard.ts";
import { type Hot, type HotContext, type HotRoute, hotCall } from "./hot.ts";
import { type SecureServer, type ServedCertificate, secureServer } from "./secure-server.ts";
import { refuseMalformed } from "./malformed.ts";
import { gatewayRoute } from "./route/gateway.ts";
import { faceRoute } from "./route/face.ts";
import { managementUrl } from "./route/management-name.ts";
import { openAiRoute } from "./route/openai.ts";
import { scoreRoute } from "./route/score.ts";

export interface EntryOptions {
  host: string;
  port: number;
  /** Whether to go on to the next port when this one is taken. */
  findPort: boolean;
  /** Serves https in place of http. */
  certificate?: ServedCertificate | undefined;
  /** Names by which callers reach it, beside this machine's own and the certificate's. */
  hosts?: readonly string[];
  endpoints: ReadonlyMap<string, OnlineEndpoint>;
  /** The models for other programs; none when absent. */
  gateway?: Gateway;
  /** Counts calls of `/score`, where metrics go somewhere. */
  meter?: Meter | undefined;
  /** Where calls to endpoints are written down; nowhere when absent. */
  journal?: Journal;
  version: string;
  log: Logger;
  /** How long a client may take for the head of a request, and for all of it. Default 20 s and 300 s. */
  patience?: { headMs: number; requestMs: number };
  /** Mounts the routes that are not hot. */
  mount: (app: FastifyInstance) => Promise<void>;
}

export interface Entry {
  readonly url: string;
  readonly port: number;
  /** Takes no new requests, lets those in work end within the grace, then cuts them. */
  close(graceMs: number): Promise<void>;
}

const PORTS_TO_TRY = 50;
const BODY_LIMIT = 32 * 2 ** 20;

function noSchema(): never {
  throw new FlowsteadError("Unexpected", "A route has a JSON schema. Routes here check what they get by zod.");
}

export async function openEntry(options: EntryOptions): Promise<Entry> {
  if (!isLoopback(options.host)) {
    throw new FlowsteadError(
      "InvalidConfig",
      `Refusing to listen on ${options.host}: only loopback is allowed${options.certificate ? ", with TLS too" : ""}. The chat page has no sign-in, so whoever reached it would be its user. Use host 127.0.0.1 and put a reverse proxy with TLS and sign-in in front.`,
    );
  }
  const context: HotContext = {
    endpoints: options.endpoints,
    meter: options.meter,
    journal: options.journal,
    version: options.version,
    bodyLimit: BODY_LIMIT,
  };
  const gateway = options.gateway ? [gatewayRoute(options.gateway)] : [];
  const hotRoutes: readonly HotRoute[] = [faceRoute, scoreRoute, ...gateway, openAiRoute];
  const checkOrigin = originGuard(options);
  let hotInWork = 0;
  let secure: SecureServer | undefined;
  let front: PlainFront | undefined;
  const follow = async (hot: Hot, work: Promise<void>): Promise<void> => {
    hotInWork++;
    try {
      await work;
    } catch (thrown) {
      sendError(hot.response, thrown, hot.ids);
    } finally {
      hotInWork--;
    }
  };
  const begin = (hot: Hot, routes: readonly HotRoute[]): boolean => {
    for (const route of routes) {
      const work = route(hot, context);
      if (!work) continue;
      void follow(hot, work);
      return true;
    }
    return false;
  };

  const app = fastify({
    bodyLimit: BODY_LIMIT,
    rewriteUrl: ({ url = "/" }) => managementUrl(url),
    forceCloseConnections: true,
    clientErrorHandler: refuseMalformed,
    // Routes check what they get by zod. Fastify's own compilers of JSON schemas take longer to load than all the rest of it.
    schemaController: { compilersFactory: { buildValidator: noSchema, buildSerializer: noSchema } },
    // Addresses that cannot be decoded pass none of the hooks and handlers below.
    frameworkErrors: (thrown, _request, reply) => {
      const { code, message, status } = asFlowsteadError(thrown);
      void (reply as FastifyReply).headers(SECURITY_HEADERS).code(status).send({ error: { code, message } });
    },
    genReqId: (request) => (request as IncomingMessage & { flowsteadId?: string }).flowsteadId ?? uuid(),
    serverFactory: (handler) => {
      /** Connections that end with a refusal: what was sent behind it is never looked at. */
      const refused = new WeakSet<Socket>();
      const listener = (request: IncomingMessage, response: ServerResponse): void => {
        if (refused.has(request.socket)) return;
        const hot = hotCall(request, response, options.log);
        // Whatever is thrown here would end the process: nothing above catches it.
        try {
          checkOrigin(request);
          if (begin(hot, hotRoutes)) return;
        } catch (thrown) {
          refused.add(request.socket);
          return sendError(response, thrown, { ...hot.ids, connection: "close" });
        }
        for (const name in hot.ids) response.setHeader(name, hot.ids[name] as string);
        Object.assign(request, { flowsteadId: hot.requestId });
        handler(request, response);
      };
      const { headMs, requestMs } = options.patience ?? { headMs: 20_000, requestMs: 300_000 };
      const settings = {
        keepAliveTimeout: 75_000,
        headersTimeout: headMs,
        requestTimeout: requestMs,
        connectionsCheckingInterval: headMs / 4,
        maxHeaderSize: 16_384,
      };
      secure = options.certificate && secureServer(options.certificate, settings, listener);
      const server = secure?.server ?? createServer(settings, listener);
      front = plainFront(server, {
        event: secure ? "secureConnection" : "connection",
        take(request, response) {
          try {
            checkOrigin(request);
            return begin(hotCall(request, response, options.log), hotRoutes);
          } catch {
            // The server says why.
            return false;
          }
        },
      });
      return server;
    },
  });
  dress(app, options.log);
  await options.mount(app);
  await app.ready();
  const port = await listenOnFreePort(app, options);
  return {
    url: `${options.certificate ? "https" : "http"}://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
    port,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => app.server.close(() => resolve()));
      app.server.closeIdleConnections();
      front?.closeIdle();
      const deadline = Date.now() + graceMs;
      while (hotInWork > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 25));
      front?.closeAll();
      app.server.closeAllConnections();
      secure?.closeUnfinished();
      await closed;
      await app.close();
    },
  };
}

/** Headers and error bodies that all routes share. */
function dress(app: FastifyInstance, log: Logger): void {
  app.addHook("onRequest", async (_request, reply) => {
    void reply.headers(SECURITY_HEADERS);
  });
  app.setNotFoundHandler((request, reply) => {
    const error = new FlowsteadError("NotFound", `There is no ${request.method} ${request.url.split("?", 1)[0]}.`);
    return reply.code(404).send({ error: { code: error.code, message: error.message } });
  });
  app.setErrorHandler<FastifyError | FlowsteadError>((thrown, request, reply) => {
    const error = asFlowsteadError(thrown);
    if (error.code === "Unexpected")
      log.error({ err: thrown, requestId: request.id, url: request.url }, "request failed");
    const message = error.code === "Unexpected" ? `Something went wrong (request ${request.id}).` : error.message;
    return reply.code(error.status).send({ error: { code: error.code, message } });
  });
}

/** Fastify's own refusals (malformed body, too large) are the caller's. */
function asFlowsteadError(thrown: FastifyError | FlowsteadError): FlowsteadError {
  if (thrown instanceof FlowsteadError) return thrown;
  const status = thrown.statusCode ?? 500;
  if (status === 413) return new FlowsteadError("PayloadTooLarge", thrown.message, { cause: thrown });
  if (status >= 400 && status < 500)
    return new FlowsteadError("InvalidRequest", thrown.message, { cause: thrown, status });
  return FlowsteadError.from(thrown);
}

async function listenOnFreePort(app: FastifyInstance, { host, port, findPort }: EntryOptions): Promise<number> {
  for (let candidate = port; ; candidate++) {
    try {
      await new Promise<void>((resolve, reject) => {
        app.server.once("error", reject);
        app.server.listen({ host, port: candidate }, () => {
          app.server.off("error", reject);
          resolve();
        });
      });
      const address = app.server.address();
      return typeof address === "object" && address ? address.port : candidate;
    } catch (thrown) {
      const taken = (thrown as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (taken && findPort && candidate < port + PORTS_TO_TRY) continue;
      const advice = taken
        ? "Another program listens there. Choose another port with --port."
        : (thrown as Error).message;
      throw new FlowsteadError("PortInUse", `Cannot listen on ${host}:${candidate}: ${advice}`, { cause: thrown });
    }
  }
}
