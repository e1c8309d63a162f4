import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Chat } from "../../chat/chat.ts";
import { uiPart } from "../../chat/ui-stream.ts";
import {
  changeBody,
  chatBody,
  eventsQuery,
  feedbackBody,
  idParams,
  listQuery,
  parsed,
  questionOf,
  sourceParams,
  streamQuery,
} from "./chat-request.ts";
import { type StreamTimes, sendRun } from "./chat-stream.ts";

export interface ChatPrincipal {
  id: string;
  name: string;
}

/** What the page shows of the system before anything is asked. */
export interface SessionFacts {
  title: string;
  model: { id: string; isLanguageModel: boolean; notice?: string };
  examples: string[];
  /** How many documents the index holds. */
  documents: number;
}

/** Texts of the passages around one, in the document's order. */
export interface Surroundings {
  before: string[];
  after: string[];
}

export interface ChatRouteOptions {
  chat: Chat;
  /** @throws FlowsteadError `Unauthorized`. */
  principalOf: (request: FastifyRequest) => ChatPrincipal;
  session: (principal: ChatPrincipal) => Promise<SessionFacts> | SessionFacts;
  surroundings: (passageId: string, signal: AbortSignal) => Promise<Surroundings>;
  times?: Partial<StreamTimes>;
}

const HEARTBEAT_MS = 10_000;
const STALL_MS = 60_000;

/** The back end of the chat page: conversations, the stream of an answer, sources, feedback. */
export async function chatRoutes(app: FastifyInstance, options: ChatRouteOptions): Promise<void> {
  const { chat, principalOf } = options;
  const times: StreamTimes = { heartbeatMs: HEARTBEAT_MS, stallMs: STALL_MS, ...options.times };
  const owner = (request: FastifyRequest): string => principalOf(request).id;

  // Answers here belong to one person: no cache on the way may keep them.
  app.addHook("onRequest", async (_request, reply) => {
    void reply.header("cache-control", "no-store");
  });

  app.get("/api/session", async (request) => {
    const principal = principalOf(request);
    return { user: { id: principal.id, name: principal.name }, ...(await options.session(principal)) };
  });

  app.get("/api/conversations", async (request) => {
    const { items, next } = await chat.list(owner(request), parsed(listQuery, request.query));
    return {
      items: items.map((item) => ({ ...item, createdAt: iso(item.createdAt), updatedAt: iso(item.updatedAt) })),
      ...(next !== undefined && { next: String(next) }),
    };
  });

  app.get("/api/conversations/:id", async (request) => {
    const view = await chat.view(owner(request), parsed(idParams, request.params).id);
    return {
      ...view,
      createdAt: iso(view.createdAt),
      messages: view.messages.map((message) => ({ ...message, createdAt: iso(message.createdAt) })),
    };
  });

  app.patch("/api/conversations/:id", async (request) => {
    const { id } = parsed(idParams, request.params);
    const change = parsed(changeBody, request.body);
    if (change.title !== undefined) await chat.rename(owner(request), id, change.title);
    if (change.activeMessageId !== undefined) await chat.showBranch(owner(request), id, change.activeMessageId);
    return { id, ...change };
  });

  app.delete("/api/conversations/:id", async (request) => {
    const { id } = parsed(idParams, request.params);
    await chat.remove(owner(request), id);
    return { id, deleted: true };
  });

  app.post("/api/chat", async (request, reply) => {
    const question = questionOf(parsed(chatBody, request.body), request.id);
    const run = await chat.ask(owner(request), question);
    await sendRun(reply, run, 0, times);
  });

  app.get("/api/chat/:id/stream", async (request, reply) => {
    const run = await chat.activeRun(owner(request), parsed(idParams, request.params).id);
    if (!run) return reply.code(204).send();
    await sendRun(reply, run, lastSeen(request), times);
    return reply;
  });

  app.get("/api/chat/:id/events", async (request, reply) => {
    const { id } = parsed(idParams, request.params);
    const { after, wait } = parsed(eventsQuery, request.query);
    const place = { after, waitMs: wait * 1000, signal: goneSignal(reply) };
    const { events, done } = await chat.eventsAfter(owner(request), id, place);
    return { events: events.map(({ seq, event }) => ({ seq, part: uiPart(event) })), done };
  });

  app.post("/api/chat/:id/stop", async (request, reply) => {
    const stopped = await chat.stop(owner(request), parsed(idParams, request.params).id);
    return reply.code(202).send({ stopped });
  });

  app.post("/api/messages/:id/feedback", async (request) => {
    const { id } = parsed(idParams, request.params);
    const feedback = parsed(feedbackBody, request.body);
    await chat.rate(owner(request), id, feedback);
    return { id, value: feedback.value };
  });

  app.get("/api/sources/:messageId/:n", async (request, reply) => {
    const { messageId, n } = parsed(sourceParams, request.params);
    const citation = await chat.citation(owner(request), messageId, n);
    return { citation, ...(await options.surroundings(citation.passageId, goneSignal(reply))) };
  });
}

/** The number of the last event that the client has: from the address, or as a browser's EventSource tells it. */
function lastSeen(request: FastifyRequest): number {
  const { after } = parsed(streamQuery, request.query);
  if (after !== undefined) return after;
  const header = request.headers["last-event-id"];
  return parsed(streamQuery, { after: typeof header === "string" && header !== "" ? header : undefined }).after ?? 0;
}

function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
