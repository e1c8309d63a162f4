// Models for Python code: the reply of one call, in the form of OpenAI's API.

import { FlowsteadError } from "../base/error/error.ts";
import { plain } from "../base/json.ts";
import { type Value, type ValueMap, float, isMap, pyStr } from "../base/value.ts";
import { telling } from "../flow/node/call.ts";
import type { AnswerContext } from "../flow/tool.ts";
import type { ChatMessage, ChatRequest } from "../model/chat-model.ts";
import { embedderFor } from "../model/embedder.ts";
import { Reply } from "./reply.ts";

/** Chunks for a body with `stream`, else the whole reply. */
export async function* answerModel(
  { connection, body }: ValueMap,
  { resources, signal, call }: AnswerContext,
): AsyncIterable<Value> {
  const { messages, prompt, model: name, stream, ...parameters } = isMap(body) ? body : {};
  const model = await resources.chatModel(pyStr(connection ?? ""));
  const request: ChatRequest & { prompt?: string } = {
    messages: (plain(messages ?? []) ?? []) as ChatMessage[],
    ...(prompt === undefined ? {} : { prompt: pyStr(prompt) }),
    ...(name ? { model: pyStr(name) } : {}),
    stream: stream === true,
    parameters: plain(parameters) as Record<string, unknown>,
  };
  const running = call?.began({
    kind: "llm",
    name: prompt === undefined ? "openai_chat" : "openai_completion",
    target: request.model,
    inputs: () => (isMap(body) ? body : {}),
  });
  const reply = new Reply(prompt === undefined ? "chat" : "text");
  try {
    for await (const chunk of model.chat(
      { ...request, headers: running?.headers ?? {}, caller: call?.caller },
      signal,
    )) {
      reply.add(chunk);
      if (request.stream) yield plain(chunk as unknown as Value) as Value;
    }
  } catch (thrown) {
    running?.failed(thrown);
    throw thrown;
  }
  const { usage } = reply.first;
  const tokens = usage && {
    promptTokens: usage.prompt_tokens,
    completionTokens: usage.completion_tokens,
    totalTokens: usage.total_tokens,
  };
  running?.done({ target: reply.first.model, usage: tokens, output: () => reply.first.message() });
  if (tokens) call?.usage(tokens);
  if (!request.stream) yield reply.whole();
}

export async function* answerEmbedding(
  { connection, body }: ValueMap,
  { resources, signal, call }: AnswerContext,
): AsyncIterable<Value> {
  const name = pyStr(connection ?? "");
  const embedder = embedderFor(await resources.embedder(name), call?.caller);
  if (!embedder) {
    throw new FlowsteadError("FlowWithoutEmbedder", `There is no embedding model behind connection '${name}'.`);
  }
  const input = isMap(body) ? (body["input"] ?? "") : "";
  const texts = (Array.isArray(input) ? input : [input]).map(pyStr);
  const work = embedder.embed(texts, "query", signal);
  const running = call?.began({ kind: "embedding", name: "openai_embeddings", inputs: () => ({ input: texts }) });
  const vectors = running ? await telling(running, work, () => ({})) : await work;
  const data = vectors.map((vector, index) => ({ object: "embedding", index, embedding: Array.from(vector, float) }));
  yield { object: "list", data };
}
