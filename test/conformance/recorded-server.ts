// The model server that the corpus' connections name: flows whose own code calls a model find it there.

import type { IncomingMessage, ServerResponse } from "node:http";
import { type Value, type ValueMap, isMap } from "../../src/base/value.ts";
import { type Listening, askedIn, bodyOf, listen, sendJson, sendWords } from "./model-wire.ts";
import { type Recordings, recordedText } from "./recording.ts";

// What the fake of the observed runs gave for every text.
const VECTOR = [0.1, 0.2];

export function startRecordedServer(recordings: Recordings): Promise<Listening> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    if (isMap(body) && body["input"] !== undefined) {
      sendJson(response, embeddings(body["input"]));
      return;
    }
    const text = recordedText(recordings, askedIn(body));
    if (isMap(body) && body["stream"] === true) sendWords(response, body, text);
    else sendJson(response, whole(body, text));
  };
  return listen(answer, () => {});
}

/** The answer to a request for embeddings. */
export function embeddings(input: Value): ValueMap {
  const texts = Array.isArray(input) && typeof input[0] === "string" ? input : [input];
  const data = texts.map((_, index) => ({ object: "embedding", index, embedding: VECTOR }));
  return { object: "list", model: "recorded", data, usage: { prompt_tokens: 1, total_tokens: 1 } };
}

function whole(body: Value, text: string): ValueMap {
  const isChat = isMap(body) && body["messages"] !== undefined;
  const choice: ValueMap = isChat ? { message: { role: "assistant", content: text } } : { text };
  return {
    id: "recorded",
    object: isChat ? "chat.completion" : "text_completion",
    created: 0,
    model: "recorded",
    choices: [{ index: 0, finish_reason: "stop", ...choice }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  };
}
