// The chat routes on a real listener, and a small reader of their streams.

import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import fastify, { type FastifyInstance } from "fastify";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { SILENT } from "../../src/base/log.ts";
import { SseParser } from "../../src/base/sse.ts";
import { type Chat, type ChatOptions, openChat } from "../../src/chat/chat.ts";
import type { UiPart } from "../../src/chat/ui-stream.ts";
import { type ChatRouteOptions, chatRoutes } from "../../src/entry/route/chat.ts";
import type { Target } from "../../src/flow/target.ts";
import { openRecordStore } from "../../src/store/provider/index.ts";
import type { RecordStore } from "../../src/store/record-store.ts";

// JSON from the wire, which assertions look into.
// oxlint-disable-next-line typescript/no-explicit-any
export type Loose = any;

export interface ChatServer {
  chat: Chat;
  store: RecordStore;
  folder: string;
  url: string;
  call(method: string, path: string, body?: unknown, user?: string): Promise<{ status: number; body: Loose }>;
  /** Asks and reads the stream to its end. */
  ask(id: string, text: string, more?: object): Promise<StreamRead>;
  /** Begins to ask; `done` when the stream ends. */
  open(path: string, body?: unknown, headers?: Record<string, string>): Promise<OpenStream>;
  close(): Promise<void>;
}

export interface StreamRead {
  status: number;
  headers: Record<string, unknown>;
  events: { seq: number; part: UiPart }[];
  /** Whether `[DONE]` came last. */
  isDone: boolean;
  text: string;
  body: string;
}

export interface OpenStream {
  response: IncomingMessage;
  seen: StreamRead;
  done: Promise<StreamRead>;
  /** Resolves when this is true of what has been read. */
  when(test: (read: StreamRead) => boolean): Promise<StreamRead>;
  cut(): void;
}

export async function chatServer(
  target: Target,
  options: Partial<ChatRouteOptions> & { chatOptions?: Partial<ChatOptions>; folder?: string } = {},
): Promise<ChatServer> {
  const folder = options.folder ?? (await mkdtemp(path.join(tmpdir(), "flowstead-chat-")));
  const store = await openRecordStore({ file: path.join(folder, "state.db") });
  const chat = await openChat({ store, target, log: SILENT, ...options.chatOptions });
  const app = fastify({ forceCloseConnections: true });
  dress(app);
  await app.register(chatRoutes, {
    chat,
    principalOf: (request) => {
      const id = String(request.headers["x-user"] ?? "alice");
      return { id, name: id };
    },
    session: () => ({ title: "Test", model: { id: "m", isLanguageModel: true }, examples: ["Hi?"], documents: 3 }),
    surroundings: async () => ({ before: ["before"], after: ["after"] }),
    ...options,
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });

  async function call(method: string, route: string, body?: unknown, user = "alice") {
    const response = await fetch(url + route, {
      method,
      headers: { "x-user": user, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }
  const open = (route: string, body?: unknown, headers?: Record<string, string>): Promise<OpenStream> =>
    openStream(url + route, body, headers);
  return {
    chat,
    store,
    folder,
    url,
    call,
    open,
    ask: async (id, text, more) => (await open("/api/chat", question(id, text, more))).done,
    async close() {
      await chat.close();
      await app.close();
      await store.close();
      if (!options.folder) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What an AI SDK client sends. */
export function question(id: string, text: string, more: object = {}): object {
  return {
    id,
    trigger: "submit-message",
    messages: [{ id: `u-${text}`, role: "user", parts: [{ type: "text", text }] }],
    ...more,
  };
}

export function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export function textOf(message: { parts: { type: string; text?: string }[] }): string {
  return message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

function dress(app: FastifyInstance): void {
  app.setErrorHandler<Error>((thrown, _request, reply) => {
    const error = FlowsteadError.from(thrown);
    return reply.code(error.status).send({ error: { code: error.code, message: error.message } });
  });
}

function openStream(url: string, body: unknown, headers: Record<string, string> = {}): Promise<OpenStream> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: body === undefined ? "GET" : "POST",
      headers: { "x-user": "alice", ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    });
    outgoing.on("error", reject);
    outgoing.on("response", (response) => resolve(reading(response)));
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function reading(response: IncomingMessage): OpenStream {
  const parser = new SseParser();
  const seen: StreamRead = {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events: [],
    isDone: false,
    text: "",
    body: "",
  };
  const watchers = new Set<() => void>();
  response.on("data", (chunk: Buffer) => {
    seen.body += chunk.toString();
    for (const message of parser.push(chunk)) {
      if (seen.isDone) throw new Error("something follows [DONE]");
      if (message.data === "[DONE]") seen.isDone = true;
      else {
        const part = JSON.parse(message.data) as UiPart;
        seen.events.push({ seq: Number(message.id), part });
        if (part.type === "text-delta") seen.text += part.delta;
        if (part.type === "data-restart") seen.text = "";
      }
    }
    for (const watch of watchers) watch();
  });
  // A cut connection is told by `close` and by what is missing.
  response.on("error", () => {});
  const done = new Promise<StreamRead>((resolve) => response.on("close", () => resolve(seen)));
  return {
    response,
    seen,
    done,
    when: (test) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          if (!test(seen)) return;
          watchers.delete(watch);
          resolve(seen);
        };
        watchers.add(watch);
        void done.then(() =>
          test(seen) ? resolve(seen) : reject(new Error(`the stream ended: ${seen.body.slice(-400)}`)),
        );
        watch();
      }),
    cut: () => response.destroy(),
  };
}
