// A model server for one case: it answers each request that the case expects with the case's reply, and notes the rest.

import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseJson, plain } from "../../src/base/json.ts";
import { type Value, type ValueMap, isMap } from "../../src/base/value.ts";
import { differs } from "./compare.ts";

export interface ModelServer {
  readonly port: number;
  /** What is wrong with the requests that came, one sentence each; empty when all came as expected. */
  faults(): string[];
  close(): Promise<void>;
}

export async function startModelServer(expected: readonly ValueMap[]): Promise<ModelServer> {
  const open = [...expected];
  const faults: string[] = [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.method === "GET") {
      response
        .writeHead(200, { "content-type": "application/json" })
        .end('{"object":"list","data":[{"id":"first-listed"}]}');
      return;
    }
    const body = parseJson(Buffer.concat(chunks).toString("utf8"));
    const reasons = open.map((wanted) => differsFrom(wanted, request.url ?? "", body));
    const index = reasons.indexOf(undefined);
    if (index < 0) faults.push(`POST ${request.url ?? ""}: ${reasons[0] ?? "no further request was expected"}`);
    const [wanted] = index < 0 ? open.splice(0, 1) : open.splice(index, 1);
    reply(response, body, wanted?.["reply"]);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      faults.push(String(error));
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    faults: () => [
      ...faults,
      ...open.map((missing) => `the request did not come: ${String(missing["path"] as string)}`),
    ],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function differsFrom(wanted: ValueMap, url: string, body: Value): string | undefined {
  if (wanted["path"] !== "*" && wanted["path"] !== url) return `path: expected ${String(wanted["path"] as string)}`;
  return differs(plain(body), plain(wanted["body"]), "body");
}

function reply(response: ServerResponse, body: Value, given: Value | undefined): void {
  if (isMap(given)) {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(plain(given)));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const base = { id: "case", object: "chat.completion.chunk", created: 0, model: "case" };
  const words = `MOCK:${lastText(body)}`.split(/\s+/);
  for (const content of words) {
    const text = isMap(body) && body["messages"] === undefined;
    const chunk = {
      ...base,
      choices: [{ index: 0, ...(text ? { text: content } : { delta: { content } }), finish_reason: null }],
    };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }
  const end = { ...base, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
  response.end(`data: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`);
}

function lastText(body: Value): string {
  const messages = isMap(body) && Array.isArray(body["messages"]) ? (body["messages"] as ValueMap[]) : [];
  const content = messages.at(-1)?.["content"];
  return typeof content === "string" ? content : "";
}
