// Limits and accounts as functions on the ports: a metered model is a model.

import type { ChatChunk, ChatModel, ChatRequest, ChatUsage } from "../model/chat-model.ts";
import type { Embedder } from "../model/embedder.ts";
import type { Meter } from "./meter.ts";
import type { Usage } from "./rule.ts";

const CHARS_PER_TOKEN = 4;
/** What an answer is taken to cost until it is known, when nobody says how long it may be. */
const USUAL_ANSWER = 256;
/** Work of the system itself, such as indexing. */
export const SYSTEM: Pick<Usage, "principal"> = { principal: "system" };

/** Counts and limits the calls of `model` under the name that callers know it by. */
export function meteredModel<Model extends ChatModel>(model: Model, name: string, meter: Meter): Model {
  return {
    ...model,
    async *chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatChunk> {
      const usage: Usage = { ...(request.caller ?? SYSTEM), model: name };
      const limited = clamped(request, meter.maxTokens(usage));
      const promptTokens = estimate(request);
      const admission = await meter.admit(usage, promptTokens + (limitOf(limited) ?? USUAL_ANSWER));
      let told: ChatUsage | undefined;
      let deltas = 0;
      let chars = 0;
      try {
        for await (const chunk of model.chat(limited, signal)) {
          if (chunk.usage) told = chunk.usage;
          for (const { delta } of chunk.choices) {
            const text = delta?.content ?? delta?.refusal ?? delta?.tool_calls?.[0]?.function?.arguments;
            if (!text && !delta?.tool_calls) continue;
            deltas++;
            chars += text?.length ?? 0;
          }
          yield chunk;
        }
      } finally {
        // Also when the reader left or the stream broke: what was generated has been paid for.
        if (told) {
          const { prompt_tokens, completion_tokens } = told;
          admission.settle({ promptTokens: prompt_tokens, completionTokens: completion_tokens, isEstimated: false });
        } else if (deltas > 0) {
          // Streams give about a token with each chunk; a whole answer is one chunk.
          const completionTokens = limited.stream ? deltas : Math.max(deltas, Math.ceil(chars / CHARS_PER_TOKEN));
          admission.settle({ promptTokens, completionTokens, isEstimated: true });
        } else admission.release();
      }
    },
  };
}

export function meteredEmbedder(embedder: Embedder, name: string, meter: Meter, caller = SYSTEM): Embedder {
  return {
    ...embedder,
    async embed(texts, kind, signal, onUsage) {
      const guess = texts.reduce((sum, text) => sum + Math.ceil(text.length / CHARS_PER_TOKEN), 0);
      const admission = await meter.admit({ ...caller, model: name }, guess);
      let told = 0;
      try {
        const vectors = await embedder.embed(texts, kind, signal, (tokens) => {
          told += tokens;
        });
        onUsage?.(told || guess);
        admission.settle({ promptTokens: told || guess, completionTokens: 0, isEstimated: told === 0 });
        return vectors;
      } catch (thrown) {
        if (told > 0) admission.settle({ promptTokens: told, completionTokens: 0, isEstimated: true });
        else admission.release();
        throw thrown;
      }
    },
  };
}

function clamped(request: ChatRequest, most: number | undefined): ChatRequest {
  if (most === undefined) return request;
  const { parameters } = request;
  const wanted = limitOf(request);
  if (wanted !== undefined && wanted <= most) return request;
  // Newer models know only the newer name; who uses it is asked in it.
  const name = "max_completion_tokens" in parameters ? "max_completion_tokens" : "max_tokens";
  return { ...request, parameters: { ...parameters, [name]: most } };
}

function limitOf({ parameters }: ChatRequest): number | undefined {
  const limit = parameters.max_completion_tokens ?? parameters.max_tokens;
  return typeof limit === "number" && limit > 0 ? limit : undefined;
}

function estimate({ messages, prompt = "" }: ChatRequest): number {
  let chars = prompt.length;
  for (const { content } of messages) {
    if (typeof content === "string") chars += content.length;
    else for (const part of content ?? []) chars += part.type === "text" ? part.text.length : IMAGE_CHARS;
  }
  return Math.ceil(chars / CHARS_PER_TOKEN);
}

/** An image of usual size is about 800 tokens. */
const IMAGE_CHARS = 800 * CHARS_PER_TOKEN;
