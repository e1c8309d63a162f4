import type { RecordStore } from "../store/record-store.ts";
import { ownAnswer } from "./message.ts";
import type { ChatSchema } from "./schema.ts";

export interface Feedback {
  /** 1 good, -1 bad, 0 takes it back. */
  value: 1 | -1 | 0;
  reasons: string[];
  comment: string;
}

/** Keeps what the owner of a conversation thinks of an answer; the last word counts. @throws FlowsteadError `NotFound`. */
export async function saveFeedback(
  store: RecordStore,
  ownerId: string,
  messageId: string,
  feedback: Feedback,
): Promise<void> {
  await store.write<ChatSchema, void>(async (db) => {
    await ownAnswer(db, ownerId, messageId);
    await db.deleteFrom("feedback").where("message_id", "=", messageId).where("user_id", "=", ownerId).execute();
    if (feedback.value === 0) return;
    await db
      .insertInto("feedback")
      .values({
        message_id: messageId,
        user_id: ownerId,
        value: feedback.value,
        reasons: JSON.stringify(feedback.reasons),
        comment: feedback.comment,
        updated_at: Date.now(),
      })
      .execute();
  });
}
