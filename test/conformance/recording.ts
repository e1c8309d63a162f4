// A model that answers from the original's recorded calls, and with `MOCK:<last message>` where there is none.

import { existsSync, readFileSync } from "node:fs";
import { parseJson, plain } from "../../src/base/json.ts";
import { isMap, type ValueMap } from "../../src/base/value.ts";
import type { ChatChunk, ChatMessage, ChatModel } from "../../src/model/chat-model.ts";

/** Answers by the messages they were given to, as canonical text. */
export type Recordings = ReadonlyMap<string, string>;

export function readRecordings(file: string): Recordings {
  const answers = new Map<string, string>();
  if (!existsSync(file)) return answers;
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line.trim() === "") continue;
    const { input, output } = parseJson(line) as ValueMap;
    const text = answerOf(output);
    const asked = isMap(input) ? (input["messages"] ?? input["prompt"]) : undefined;
    if (asked !== undefined && text !== undefined) answers.set(canonical(asked), text);
  }
  return answers;
}

function answerOf(output: unknown): string | undefined {
  if (!isMap(output) || !Array.isArray(output["choices"])) return undefined;
  const [choice] = output["choices"] as ValueMap[];
  if (typeof choice?.["text"] === "string") return choice["text"];
  const message = choice?.["message"];
  return isMap(message) && typeof message["content"] === "string" ? message["content"] : undefined;
}

function canonical(messages: unknown): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (!isMap(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, sorted(item)]),
    );
  };
  return JSON.stringify(plain(sorted(messages)));
}

/** What was answered to a prompt or to messages, or `MOCK:` and the last of them. */
export function recordedText(recordings: Recordings, asked: string | readonly ChatMessage[]): string {
  const last = typeof asked === "string" ? asked : lastText(asked);
  return recordings.get(canonical(asked)) ?? `MOCK:${last}`;
}

export function recordedModel(recordings: Recordings): ChatModel {
  return {
    id: "recorded",
    async *chat({ messages, prompt }): AsyncIterable<ChatChunk> {
      const content = recordedText(recordings, prompt ?? messages);
      const base = { id: "recorded", created: 0, model: "recorded" };
      yield { ...base, choices: [{ index: 0, delta: { role: "assistant", content }, finish_reason: null }] };
      yield { ...base, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
    },
    async probe() {},
    async close() {},
  };
}

function lastText(messages: readonly ChatMessage[]): string {
  const content = messages.at(-1)?.content;
  return typeof content === "string" ? content : JSON.stringify(content);
}
