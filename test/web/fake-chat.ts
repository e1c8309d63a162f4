// A real HTTP server that speaks the chat contract with scripted answers and scripted faults, and serves the built page under
// the policy that the product serves it with.

import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { Session, StoredMessage } from "../../web/shared/wire/contract.ts";
import {
  type FakeConversation,
  append,
  branch,
  newConversation,
  questionFor,
  showBranch,
} from "./fake-conversation.ts";
import { type Beat, type FakeRun, startRun } from "./fake-run.ts";

export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types flowstead dompurify default";

export interface FakeChatOptions {
  /** The built page. */
  pageFolder: string;
  session: Session;
  /** The script of an answer. `time` counts how often this question has been asked, from 1. */
  answer: (question: string, time: number) => Iterable<Beat>;
}

export interface FakeChat {
  readonly url: string;
  readonly conversations: Map<string, FakeConversation>;
  /** Every request to /api, as "METHOD path". */
  readonly requests: { line: string; body: unknown }[];
  /** Faults, switched by tests. */
  readonly fault: {
    /** Holds a stream's bytes back until the run is done, as some proxies do. */
    buffering: boolean;
    /** Answers nothing: every connection is cut. */
    down: boolean;
    /** The next POST /api/chat gets this instead of a run. */
    refuse?: { status: number; code: string; message: string };
  };
  session: Session;
  /** Lets a run go on that waits at this gate. */
  open(gate: string): void;
  /** Cuts every open stream. */
  cut(): void;
  close(): Promise<void>;
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  body: Record<string, unknown>;
}

export async function startFakeChat(options: FakeChatOptions): Promise<FakeChat> {
  const conversations = new Map<string, FakeConversation>();
  const requests: FakeChat["requests"] = [];
  const fault: FakeChat["fault"] = { buffering: false, down: false };
  const gates = new Map<string, { promise: Promise<void>; resolve: () => void }>();
  const streams = new Set<ServerResponse>();
  const asked = new Map<string, number>();
  let runs = 0;

  function gate(name: string): { promise: Promise<void>; resolve: () => void } {
    let found = gates.get(name);
    if (!found) {
      let resolve: () => void = () => undefined;
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      found = { promise, resolve };
      gates.set(name, found);
    }
    return found;
  }

  function cut(): void {
    for (const response of streams) response.destroy();
  }

  const chat = {
    conversations,
    requests,
    fault,
    session: options.session,
    open: (name: string) => gate(name).resolve(),
    cut,
  };

  async function postChat({ response, body }: Exchange): Promise<void> {
    if (fault.refuse) {
      const { status, code, message } = fault.refuse;
      fault.refuse = undefined;
      return json(response, status, { error: { code, message } });
    }
    const id = String(body.id);
    const [question] = body.messages as StoredMessage[];
    if (!question) return json(response, 400, { error: { code: "bad", message: "No question." } });
    const text = question.parts.map((part) => String(part.text)).join("");
    const conversation = conversations.get(id) ?? newConversation(id, text.slice(0, 60));
    conversations.set(id, conversation);
    if (conversation.run && !conversation.run.done) {
      return json(response, 409, { error: { code: "RunActive", message: "An answer is being written." } });
    }
    const stored = questionFor(conversation, {
      text,
      clientId: question.id,
      regenerate: body.trigger === "regenerate-message",
      messageId: body.messageId === undefined ? undefined : String(body.messageId),
    });
    if (!stored) return json(response, 404, { error: { code: "NotFound", message: "No such message." } });
    runs++;
    const time = (asked.get(text) ?? 0) + 1;
    asked.set(text, time);
    const run = startRun({
      runId: `run-${runs}`,
      conversationId: id,
      questionId: stored.id,
      messageId: `answer-${runs}-${randomUUID().slice(0, 8)}`,
      beats: options.answer(text, time),
      gate: (name) => gate(name).promise,
      cut,
      onPart(part) {
        if (part.type === "data-title") conversation.title = part.data.title;
      },
    });
    conversation.run = run;
    append(conversation, run.message, stored.id);
    conversation.updatedAt = new Date().toISOString();
    await stream(response, run, 0);
  }

  async function stream(response: ServerResponse, run: FakeRun, after: number): Promise<void> {
    streams.add(response);
    response.on("close", () => streams.delete(response));
    const held: string[] = [];
    const write = (frame: string): void => {
      if (fault.buffering) held.push(frame);
      else response.write(frame);
    };
    if (!fault.buffering) openStream(response);
    for (let seq = after; !response.destroyed;) {
      for (const event of run.log.slice(seq)) write(`id: ${event.seq}\ndata: ${JSON.stringify(event.part)}\n\n`);
      seq = run.log.length;
      if (run.done) break;
      await run.news(seq, 10_000);
    }
    if (response.destroyed) return;
    if (!response.headersSent) openStream(response);
    response.end(`${held.join("")}data: [DONE]\n\n`);
  }

  async function route(exchange: Exchange): Promise<void> {
    const { request, response, url, body } = exchange;
    const method = request.method ?? "GET";
    const [, , first = "", second = "", third = ""] = url.pathname.split("/").map(decodeURIComponent);
    const conversation = conversations.get(second);
    if (method !== "GET" && request.headers["content-type"] !== "application/json") {
      return json(response, 415, { error: { code: "media_type", message: "Send JSON." } });
    }
    if (first === "session") return json(response, 200, chat.session);
    if (first === "chat" && !second) return postChat(exchange);
    if (first === "conversations" && !second) return json(response, 200, page(url.searchParams));
    if (first === "messages" && third === "feedback") return json(response, 200, {});
    if (first === "sources") return source(response, second, Number(third));
    if (!conversation) {
      if (third === "stream") return void response.writeHead(204).end();
      return json(response, 404, { error: { code: "not_found", message: "There is no such conversation." } });
    }
    const run = conversation.run;
    const after = Number(url.searchParams.get("after") ?? 0);
    if (third === "stop") {
      const stopped = run !== undefined && !run.done;
      run?.stop();
      return json(response, 202, { stopped });
    }
    if (third === "stream") {
      if (!run || run.done) return void response.writeHead(204).end();
      return stream(response, run, after);
    }
    if (third === "events") {
      if (!run) return json(response, 200, { events: [], done: true });
      await run.news(after, 5_000);
      return json(response, 200, { events: run.log.slice(after), done: run.done });
    }
    if (method === "PATCH") {
      if (body.title !== undefined) conversation.title = String(body.title);
      if (body.activeMessageId !== undefined) showBranch(conversation, String(body.activeMessageId));
      return json(response, 200, {});
    }
    if (method === "DELETE") {
      conversations.delete(second);
      return json(response, 200, {});
    }
    const active = run && !run.done ? { activeRun: { runId: run.runId, seq: run.log.length } } : {};
    json(response, 200, { ...summary(conversation), messages: branch(conversation), ...active });
  }

  function page(query: URLSearchParams): unknown {
    const words = (query.get("q") ?? "").toLowerCase();
    const found = [...conversations.values()]
      .filter(({ title }) => title.toLowerCase().includes(words))
      .sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
    const from = Number(query.get("cursor") ?? 0);
    const to = from + Number(query.get("limit") ?? 40);
    return { items: found.slice(from, to).map(summary), ...(to < found.length ? { next: String(to) } : {}) };
  }

  function source(response: ServerResponse, messageId: string, n: number): void {
    const message = [...conversations.values()]
      .flatMap((each) => each.nodes)
      .find((each) => each.message.id === messageId)?.message;
    const part = message?.parts.find((each) => each.type === "data-citation" && each.id === `citation-${n}`);
    if (!part) return json(response, 404, { error: { code: "not_found", message: "There is no such source." } });
    json(response, 200, {
      citation: part.data,
      before: [
        "Every employee has a leave account. It is opened on the first day of work and shown in the staff portal.",
      ],
      after: [
        "Requests go to the line manager at least two weeks ahead. The manager answers within three working days.",
      ],
    });
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    if (fault.down) return void response.destroy();
    if (!url.pathname.startsWith("/api/")) return void servePage(options.pageFolder, url.pathname, response);
    void readBody(request).then((body) => {
      requests.push({ line: `${request.method} ${url.pathname}${url.search}`, body });
      return route({ request, response, url, body });
    });
    return undefined;
  });
  const url = await listen(server);
  return {
    ...chat,
    get session() {
      return chat.session;
    },
    set session(session) {
      chat.session = session;
    },
    url,
    async close() {
      for (const { run } of conversations.values()) run?.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function summary({
  id,
  title,
  createdAt,
  updatedAt,
}: FakeConversation): Pick<FakeConversation, "id" | "title" | "createdAt" | "updatedAt"> {
  return { id, title, createdAt, updatedAt };
}

function openStream(response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-vercel-ai-ui-message-stream": "v1",
  });
  response.flushHeaders();
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return text ? (JSON.parse(text) as Record<string, unknown>) : {};
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

async function servePage(folder: string, pathname: string, response: ServerResponse): Promise<void> {
  const isPage = pathname === "/" || pathname.startsWith("/c/");
  const file = path.join(folder, isPage ? "index.html" : path.normalize(pathname));
  try {
    const content = await readFile(file);
    response.writeHead(200, {
      "content-type": TYPES[path.extname(file)] ?? "application/octet-stream",
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
    });
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
