import type { ChatChunk } from "../../chat-model.ts";
import { asChunk, chunksOfWhole } from "./chunk.ts";

/** How a server says its answer, where it is not in OpenAI's chunks. Made anew for each call. */
export interface ChatDialect {
  /** For messages about answers in another form. */
  name: string;
  /** The chunks of one `data:` line; undefined when it is none of this API's. */
  event(value: unknown): ChatChunk[] | undefined;
  /** The chunks of a whole body: one with everything, or those that a stream would have had. */
  whole(value: unknown, asStream: boolean): ChatChunk[] | undefined;
}

export const OPENAI_DIALECT: ChatDialect = {
  name: "chat completion",
  event: (value) => {
    const chunk = asChunk(value);
    return chunk && [chunk];
  },
  whole: chunksOfWhole,
};
