// What the servers that stand for models here share: OpenAI's wire, as far as the cases need it.

import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseJson, plain } from "../../src/base/json.ts";
import { type Value, type ValueMap, isMap } from "../../src/base/value.ts";
import type { ChatMessage } from "../../src/model/chat-model.ts";

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

export async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  failed: (thrown: unknown) => void,
): Promise<Listening> {
  const server = createServer((request, response) => {
    answer(request, response).catch((thrown: unknown) => {
      failed(thrown);
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export async function bodyOf(request: IncomingMessage): Promise<Value> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return parseJson(Buffer.concat(chunks).toString("utf8"));
}

/** The messages of a request, or its prompt. */
export function askedIn(body: Value): string | ChatMessage[] {
  if (!isMap(body)) return [];
  const { messages, prompt } = body;
  if (Array.isArray(messages)) return messages as unknown as ChatMessage[];
  return typeof prompt === "string" ? prompt : [];
}

export function sendJson(response: ServerResponse, body: ValueMap): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(plain(body)));
}

/** Streams a text: a chunk a word, and what no recording answers without blanks, as the fake of the observed runs did. */
export function sendWords(response: ServerResponse, body: Value, text: string): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const base = { id: "case", object: "chat.completion.chunk", created: 0, model: "case" };
  const isChat = !isMap(body) || body["messages"] !== undefined;
  const send = (choice: object): unknown =>
    response.write(`data: ${JSON.stringify({ ...base, choices: [choice] })}\n\n`);
  for (const content of text.split(text.startsWith("MOCK:") ? /\s+/ : /(?<=\s)(?=\S)/)) {
    send({ index: 0, ...(isChat ? { delta: { content } } : { text: content }), finish_reason: null });
  }
  send({ index: 0, delta: {}, finish_reason: "stop" });
  response.end("data: [DONE]\n\n");
}
