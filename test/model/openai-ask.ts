// One call of an OpenAI-compatible server, for tests of the wire.

import assert from "node:assert/strict";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { openAiModel, type OpenAiSettings } from "../../src/model/provider/openai.ts";
import type { ChatChunk, ChatModel, ChatRequest } from "../../src/model/chat-model.ts";
import type { FakeModelServer } from "../../src/model/fake/server.ts";

export const NEVER: AbortSignal = new AbortController().signal;

export function ask(text: string, more: Partial<ChatRequest> = {}): ChatRequest {
  return { messages: [{ role: "user", content: text }], stream: true, parameters: {}, ...more };
}

export function textOf(chunks: ChatChunk[]): string {
  return chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? "").join("");
}

export async function collect(
  model: ChatModel,
  request: ChatRequest,
  signal: AbortSignal = NEVER,
): Promise<ChatChunk[]> {
  const chunks: ChatChunk[] = [];
  for await (const chunk of model.chat(request, signal)) chunks.push(chunk);
  return chunks;
}

export async function failureOf(work: Promise<unknown>): Promise<FlowsteadError> {
  try {
    await work;
  } catch (thrown) {
    assert.ok(thrown instanceof FlowsteadError, String(thrown));
    return thrown;
  }
  throw new Error("it did not fail");
}

export function openAi(fake: FakeModelServer, more: OpenAiSettings = {}): ChatModel {
  return openAiModel({ baseUrl: `${fake.url}/v1`, apiKey: "test-key", model: "fake-model", ...more });
}
