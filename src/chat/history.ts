import type { Kysely } from "kysely";
import type { Exchange } from "../flow/chat-flow.ts";
import { messagesBefore } from "./message-tree.ts";
import type { ChatSchema } from "./schema.ts";

/**
 * The exchanges of the branch that ends in `leaf`, oldest first, at most `most`. An answer that was stopped or
 * interrupted counts with what was shown of it; a question without any answer is left out.
 */
export async function exchangesBefore(db: Kysely<ChatSchema>, leaf: string | null, most: number): Promise<Exchange[]> {
  const exchanges: Exchange[] = [];
  let question: string | undefined;
  for (const message of await messagesBefore(db, leaf, most * 2)) {
    if (message.role === "user") question = message.text;
    else {
      if (question !== undefined && message.text !== "") exchanges.push({ question, answer: message.text });
      question = undefined;
    }
  }
  return exchanges;
}
