// The port's language, which is OpenAI's, in the words of Anthropic's Messages API.

import type { ChatRequest } from "../../chat-model.ts";
import { passedOn, translated } from "./parameter.ts";
import { toolsOf } from "./tool.ts";
import { systemOf, turns } from "./turn.ts";

/** The body of `POST /v1/messages`; `max_tokens` is required there. @throws FlowsteadError `ModelRejected` for what would be lost. */
export function messagesBody(request: ChatRequest, model: string, defaultMaxTokens: number): Record<string, unknown> {
  const { messages, parameters, stream } = request;
  const { max_completion_tokens, max_tokens, stop } = parameters;
  const passed = passedOn(parameters);
  const own = translated(parameters);
  const system = systemOf(messages);
  return {
    ...passed,
    ...own,
    model,
    max_tokens: max_completion_tokens ?? max_tokens ?? defaultMaxTokens,
    messages: turns(messages),
    stream,
    ...(system === undefined ? {} : { system }),
    ...(stop ? { stop_sequences: [stop].flat() } : {}),
    ...toolsOf(parameters, own.output_config),
  };
}
