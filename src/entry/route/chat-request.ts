// What the chat page may send, and what is made of it.

import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Question } from "../../chat/question.ts";

const LONGEST_QUESTION = 200_000;

/** Ids made here, by the page, or by an AI SDK client. */
const id = z.string().regex(/^[\w.:-]{1,128}$/, "is not an id");
const seq = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** A NUL character has no place in a text and the store keeps none. */
const text = z.string().transform((value) => value.replaceAll("\0", "\u{FFFD}"));

export const idParams = z.object({ id });
export const sourceParams = z.object({ messageId: id, n: z.coerce.number().int().min(1).max(10_000) });
export const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(40),
  cursor: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  q: text.pipe(z.string().max(200)).optional(),
});
export const streamQuery = z.object({ after: seq.optional() });
export const eventsQuery = z.object({ after: seq.default(0), wait: z.coerce.number().min(0).max(60).default(20) });
export const changeBody = z
  .object({
    title: text.pipe(z.string().trim().min(1).max(200)).optional(),
    /** Shows the newest branch through this message. */
    activeMessageId: id.optional(),
  })
  .refine((body) => body.title !== undefined || body.activeMessageId !== undefined, "has nothing to change");
export const feedbackBody = z.object({
  value: z.union([z.literal(1), z.literal(-1), z.literal(0)]),
  reasons: z
    .array(text.pipe(z.string().max(100)))
    .max(20)
    .default([]),
  comment: text.pipe(z.string().max(10_000)).default(""),
});

/** The AI SDK's body. Only the last question in it counts: what came before is the server's to know. */
export const chatBody = z.object({
  id,
  messages: z
    .array(
      z.looseObject({
        id: z.string().optional(),
        role: z.string(),
        parts: z.array(z.looseObject({ type: z.string() })).default([]),
      }),
    )
    .default([]),
  trigger: z.enum(["submit-message", "regenerate-message"]).default("submit-message"),
  messageId: id.optional(),
});

/** @throws FlowsteadError `InvalidRequest` when there is no question in it. */
export function questionOf(body: z.output<typeof chatBody>, requestId: string): Question {
  const common = { conversationId: body.id, requestId, ...(body.messageId && { messageId: body.messageId }) };
  if (body.trigger === "regenerate-message") return { ...common, text: "", regenerate: true };
  const message = body.messages.findLast((each) => each.role === "user");
  const question = (message?.parts ?? [])
    .map((part) => (part.type === "text" && typeof part.text === "string" ? part.text : ""))
    .join("")
    .replaceAll("\0", "\u{FFFD}")
    .trim();
  if (question === "") throw invalid("messages: there is no user message with text. Write a question");
  if (question.length > LONGEST_QUESTION) {
    throw invalid(`messages: the question has ${question.length} characters. Shorten it to ${LONGEST_QUESTION}`);
  }
  const clientId = id.safeParse(message?.id);
  return { ...common, text: question, ...(clientId.success && { clientId: clientId.data }) };
}

/** @throws FlowsteadError `InvalidRequest`, naming the part that is wrong. */
export function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue && issue.path.length > 0 ? issue.path.join(".") : "the request";
  throw invalid(`${where}: ${issue?.message ?? "is wrong"}`);
}

function invalid(what: string): FlowsteadError {
  return new FlowsteadError("InvalidRequest", `${what}.`);
}
