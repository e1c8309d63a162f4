// The older completions API: chunks and whole answers of the port as texts.

import type { ChatChunk } from "../model/chat-model.ts";

interface Named {
  [name: string]: unknown;
}

export function chunkBody({ choices, ...head }: ChatChunk): Named {
  return {
    ...head,
    object: "text_completion",
    choices: choices.map(({ delta, finish_reason = null, logprobs = null, index, ...extra }) => ({
      index,
      text: delta?.content ?? "",
      logprobs,
      finish_reason,
      ...extra,
    })),
  };
}

/** @param body a whole `chat.completion`. */
export function textBody({ choices, ...head }: Named): Named {
  return {
    ...head,
    object: "text_completion",
    choices: (choices as Named[]).map(({ message, ...choice }) => ({
      ...choice,
      text: (message as { content: string | null }).content ?? "",
    })),
  };
}
