// A model server for tests, benchmarks and dry runs: OpenAI's, Azure OpenAI's and Anthropic's paths and Entra's tokens over real HTTP, a scripted pace,
// scripted faults, and a journal of every request. It answers `MOCK:<last message>` unless told otherwise.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Journal } from "./journal.ts";
import { readBody } from "./request.ts";
import { respond } from "./respond.ts";
import { parseRoute } from "./route.ts";
import { type FakeScript, ScriptState, scriptSchema } from "./script.ts";
import { sendJson } from "./send.ts";
import * as shape from "./shape.ts";
import { IssuedTokens } from "./token.ts";

export interface FakeModelOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0, any free port. */
  port?: number;
  script?: FakeScript;
}

export interface FakeModelServer {
  /** Without a path, such as `http://127.0.0.1:4321`: Azure's endpoint; OpenAI's base URL is this plus `/v1`. */
  readonly url: string;
  readonly journal: Journal;
  /** Replaces the fields given; faults are added to those left. */
  script(script: FakeScript): void;
  /** Back to the script that the server was started with, with an empty journal. */
  reset(): void;
  /** Cuts every connection. */
  close(): Promise<void>;
}

export async function startFakeModel(options: FakeModelOptions = {}): Promise<FakeModelServer> {
  const { host = "127.0.0.1", port = 0, script = {} } = options;
  const journal = new Journal();
  const state = new ScriptState(script);
  const tokens = new IssuedTokens();
  const reset = (): void => {
    state.reset();
    state.merge(script);
    journal.clear();
  };
  const server = createServer((request, response) => {
    void handle(request, response, { journal, state, tokens, reset }).catch((thrown: unknown) => {
      if (!response.headersSent) sendJson(response, 500, shape.badRequest(String(thrown)));
      else response.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    journal,
    script: (more) => state.merge(more),
    reset,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Parts {
  journal: Journal;
  state: ScriptState;
  tokens: IssuedTokens;
  reset: () => void;
}

async function handle(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const { journal, state, tokens } = parts;
  const text = await readBody(request);
  const route = parseRoute(request.method ?? "GET", request.url ?? "/");
  if (route.kind === "control") {
    control(route.name, text, response, parts);
    return;
  }
  let body: unknown;
  try {
    body = text === "" ? undefined : JSON.parse(text);
  } catch {
    body = text;
  }
  const entry = journal.begin(request, body);
  const gone = new AbortController();
  let isBroken = false;
  response.once("close", () => {
    gone.abort();
    journal.end(entry, isBroken ? "broken" : response.writableFinished ? "complete" : "aborted");
  });
  response.once("finish", () => {
    entry.status = response.statusCode;
  });
  response.setHeader("x-request-id", `fake-${entry.number}`);
  if (route.dialect === "azure") {
    response.setHeader("apim-request-id", `fake-${entry.number}`);
    response.setHeader("x-ms-region", "Fake");
  }
  try {
    const how = await respond(request, response, { route, body, entry, state, tokens, gone: gone.signal });
    isBroken = how === "broken";
  } catch (thrown) {
    if (!gone.signal.aborted) throw thrown;
  }
}

function control(name: string, text: string, response: ServerResponse, { journal, state, reset }: Parts): void {
  if (name === "journal") {
    sendJson(response, 200, journal.entries);
  } else if (name === "reset") {
    reset();
    sendJson(response, 200, {});
  } else {
    let parsed;
    try {
      parsed = scriptSchema.safeParse(JSON.parse(text));
    } catch {
      sendJson(response, 400, shape.badRequest("The script is not JSON."));
      return;
    }
    if (!parsed.success) {
      sendJson(response, 400, shape.badRequest(parsed.error.message));
      return;
    }
    state.merge(parsed.data);
    sendJson(response, 200, {});
  }
}
