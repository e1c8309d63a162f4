// One call of a chat model by a node: its text passed on as it comes, its usage counted, the call told as an event.

import type { Value, ValueMap } from "../base/value.ts";
import type { NodeCall } from "../flow/tool.ts";
import type { ChatModel, ChatRequest } from "../model/chat-model.ts";
import { ChatAnswer } from "./collect-chat.ts";

/** @throws FlowsteadError what the model did. */
export async function askModel(model: ChatModel, request: ChatRequest, call: NodeCall): Promise<ChatAnswer> {
  const { messages, parameters } = request;
  const running = call.began({
    kind: "llm",
    name: messages.length > 0 ? "openai_chat" : "openai_completion",
    target: request.model,
    inputs: () => ({ ...parameters, ...said(request) }) as unknown as ValueMap,
  });
  const traced = { ...request, headers: { ...request.headers, ...running.headers }, caller: call.caller };
  const answer = new ChatAnswer();
  try {
    for await (const chunk of model.chat(traced, call.signal)) {
      const piece = answer.add(chunk);
      if (!call.stream || piece === "") continue;
      const pause = call.emitText(piece);
      if (pause) await pause;
    }
  } catch (thrown) {
    running.failed(thrown);
    throw thrown;
  }
  const usage = tokenUsage(answer);
  running.done({ target: answer.model, usage, output: () => answer.message() });
  if (usage) call.usage(usage);
  const { finishReason: why } = answer;
  if (why === "length" || why === "content_filter") call.cutShort(why);
  return answer;
}

function said({ messages, prompt, model }: ChatRequest & { prompt?: string }): ValueMap {
  const asked: ValueMap = prompt === undefined ? { messages: messages as unknown as Value } : { prompt };
  return model === undefined ? asked : { ...asked, model };
}

function tokenUsage({ usage }: ChatAnswer) {
  if (!usage) return undefined;
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: totalTokens } = usage;
  return { promptTokens, completionTokens, totalTokens };
}
