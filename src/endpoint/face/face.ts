import { z } from "zod";
import { type ErrorBody, FlowsteadError } from "../../base/error/error.ts";
import type { ChatFlow } from "../../flow/chat-flow.ts";
import type { FlowEvent } from "../../flow/event.ts";
import type { ValueMap } from "../../base/value.ts";
import type { FlowSignature } from "../../flow/target.ts";
import { completionInputs } from "../openai-face.ts";

/** Encodes the events of one run for one kind of client. */
export interface FaceEncoder {
  readonly contentType: string;
  /** What the client is sent for an event; empty when the event is not for it. An error event ends the answer. */
  encode(event: FlowEvent): string;
}

/** A failure in the words of these protocols: the same code whether it has a status of its own or ends a stream. */
export function faceError({ code, message }: ErrorBody): { error: { code: string; message: string } } {
  return { error: { code, message } };
}

const textPart = z.looseObject({ type: z.literal("text"), text: z.string() });
/** Messages as all chat protocols have them. */
export const messages = z
  .array(z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(textPart)]).nullish() }))
  .min(1);

/** @throws FlowsteadError `NotAChatFlow`, or `InvalidRequest` when the messages do not fit a chat. */
export function conversationInputs(
  signature: FlowSignature,
  conversation: z.output<typeof messages>,
): { inputs: ValueMap; flow: ChatFlow } {
  // Calls of tools and the like stand between the turns of a conversation, and are not for the flow.
  const turns = conversation.filter(({ role }) => ["user", "assistant", "system", "developer"].includes(role));
  if (turns.length === 0) throw new FlowsteadError("InvalidRequest", "There is no message with the role user.");
  return completionInputs(signature, {
    model: signature.name,
    messages: turns.map(({ role, content }) => ({ role, content: content ?? "" })),
  });
}

/** @throws FlowsteadError `InvalidRequest` naming the fields that are wrong. */
export function parseWith<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new FlowsteadError("InvalidRequest", z.prettifyError(parsed.error));
}
