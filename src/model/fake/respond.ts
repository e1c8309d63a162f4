import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { buildAnswer, tokensOf } from "./answer.ts";
import { deliverJson, deliverStream, forever } from "./deliver.ts";
import { embedText } from "./embedding.ts";
import type { JournalEntry } from "./journal.ts";
import { answerModeration } from "./moderation.ts";
import { buildMessage } from "./messages.ts";
import { allText, keyOf, limitOf, textOf } from "./request.ts";
import type { Route } from "./route.ts";
import type { Fault, ScriptState } from "./script.ts";
import { sendJson } from "./send.ts";
import * as shape from "./shape.ts";
import type { IssuedTokens } from "./token.ts";

export interface Call {
  route: Exclude<Route, { kind: "control" }>;
  body: unknown;
  entry: JournalEntry;
  state: ScriptState;
  tokens: IssuedTokens;
  gone: AbortSignal;
}

/** Answers one request as the script says; `broken` is an answer that a fault ended. */
export async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { route, body, entry, state, tokens, gone }: Call,
): Promise<"complete" | "broken"> {
  const { script } = state;
  const { dialect } = route;
  if (route.kind === "unknown") return sendJson(response, 404, shape.notFound(entry.path));
  if (route.kind === "token") {
    const denied = await failEarly(state.takeFault({ path: entry.path, body: {}, lastText: "" }), response, {
      dialect,
      gone,
    });
    return denied ?? tokens.answer(request, response, { body, script });
  }
  const key = keyOf(request);
  if ((script.keys || script.tokens) && !script.keys?.includes(key) && !tokens.accepts(key))
    return sendJson(response, 401, shape.unauthorized(dialect));
  const fields = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const lastText = textOf(fields);
  const fakeRequest = { path: entry.path, body: fields, lastText };
  const fault = state.takeFault(fakeRequest);
  const ended = await failEarly(fault, response, { dialect, gone });
  if (ended) return ended;
  if (route.kind === "moderation") return answerModeration(route.name, response, { fields, script });
  if (route.kind === "models") {
    const data = (script.models ?? ["fake-model"]).map((id) => ({ id, object: "model", created: 0, owned_by: "fake" }));
    return sendJson(response, 200, { object: "list", data });
  }
  if (typeof body !== "object" || body === null) {
    return sendJson(response, 400, shape.badRequest("The body is not a JSON object."));
  }
  const model = route.deployment ?? (typeof fields.model === "string" ? fields.model : "");
  if (model === "") return sendJson(response, 400, shape.badRequest("you must provide a model parameter"));
  if (script.models && !script.models.includes(model)) {
    return sendJson(response, 404, shape.unknownModel(dialect, model));
  }
  if (route.kind === "embeddings")
    return embeddings({ dimensions: script.dimensions, ...fields }, model, response, entry);
  if (route.kind === "chat" && !Array.isArray(fields.messages)) {
    return sendJson(response, 400, shape.badRequest("'messages' is a required property"));
  }
  if (dialect === "anthropic" && limitOf(fields) === undefined) {
    return sendJson(response, 400, shape.messagesError(400, "max_tokens: Field required"));
  }
  const promptTokens = tokensOf(allText(fields)).length;
  const built = (dialect === "anthropic" ? buildMessage : buildAnswer)({
    dialect,
    kind: route.kind,
    model,
    reply: state.replyTo(fakeRequest),
    promptTokens,
    number: entry.number,
    filterAfter: fault?.kind === "filter-completion" ? (fault.at ?? 0) : undefined,
    maxTokens: limitOf(fields),
    choices: typeof fields.n === "number" ? fields.n : 1,
    logprobs: fields.logprobs === true || typeof fields.logprobs === "number",
  });
  const options = fields.stream_options as { include_usage?: boolean; include_obfuscation?: boolean } | undefined;
  const deliver = fields.stream === true ? deliverStream : deliverJson;
  return deliver({
    response,
    entry,
    answer: built,
    dialect,
    fault,
    firstTokenMs: script.firstTokenMs ?? 0,
    tokensPerSecond: script.tokensPerSecond ?? 0,
    includeUsage: options?.include_usage === true,
    obfuscates: options?.include_obfuscation === true,
    asyncFilter: script.asyncFilter ?? false,
    gone,
  });
}

/** Faults that come before the first byte of a good answer. */
async function failEarly(
  fault: Fault | undefined,
  response: ServerResponse,
  { dialect, gone }: { dialect: shape.Dialect; gone: AbortSignal },
): Promise<"complete" | "broken" | undefined> {
  if (!fault) return undefined;
  if (fault.kind === "status") {
    for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
    return sendJson(response, fault.status, fault.body ?? shape.statusError(fault.status, dialect));
  }
  if (fault.kind === "filter-prompt") return sendJson(response, 400, shape.filteredPrompt());
  if (fault.kind === "slow-headers") {
    await delay(fault.ms, undefined, { signal: gone });
    return undefined;
  }
  if (!("at" in fault) || fault.at === undefined) {
    if (fault.kind === "reset" || fault.kind === "cut") {
      response.socket?.resetAndDestroy();
      return "broken";
    }
    if (fault.kind === "stall") return forever(gone);
    if (fault.kind === "malformed") {
      response.writeHead(200, { "content-type": "text/html" }).end("<html>This is not a model.</html>");
      return "broken";
    }
  }
  return undefined;
}

function embeddings(
  fields: Record<string, unknown>,
  model: string,
  response: ServerResponse,
  entry: JournalEntry,
): "complete" {
  const inputs = (Array.isArray(fields.input) ? fields.input : [fields.input]).map(String);
  const dimensions = typeof fields.dimensions === "number" ? fields.dimensions : 256;
  const tokens = inputs.reduce((sum, text) => sum + tokensOf(text).length, 0);
  entry.usage = { prompt_tokens: tokens, completion_tokens: 0, total_tokens: tokens };
  const data = inputs.map((text, index) => {
    const vector = embedText(text, dimensions);
    const embedding =
      fields.encoding_format === "base64" ? Buffer.from(new Float32Array(vector).buffer).toString("base64") : vector;
    return { object: "embedding", index, embedding };
  });
  return sendJson(response, 200, {
    object: "list",
    data,
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
}
