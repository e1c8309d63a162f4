// A reader of the chat page's own stream, for tests that ask without a browser.

import { randomUUID } from "node:crypto";
import { SseParser } from "../../src/base/sse.ts";

export interface Part {
  type: string;
  id?: string;
  delta?: string;
  errorText?: string;
  data?: Record<string, unknown>;
  [more: string]: unknown;
}

export interface Answer {
  conversation: string;
  text: string;
  citations: { n: number; title: string; source: string; text: string; spans: { start: number; end: number }[] }[];
  error: string | undefined;
  parts: Part[];
  seqs: number[];
}

/** Asks and reads to the end; `onPart` sees what comes as it comes. */
export async function ask(
  url: string,
  question: string,
  conversation: string = randomUUID(),
  onPart: (part: Part) => void = () => {},
): Promise<Answer> {
  const answer: Answer = { conversation, text: "", citations: [], error: undefined, parts: [], seqs: [] };
  for await (const { seq, part } of stream(url, question, conversation)) {
    if (seq !== undefined) answer.seqs.push(seq);
    answer.parts.push(part);
    onPart(part);
    if (part.type === "data-restart") answer.text = "";
    if (part.type === "text-delta") answer.text += part.delta ?? "";
    if (part.type === "data-citation") answer.citations.push(part.data as never);
    if (part.type === "error") answer.error = part.errorText;
  }
  return answer;
}

export async function* stream(
  url: string,
  question: string,
  conversation: string,
): AsyncGenerator<{ seq: number | undefined; part: Part }> {
  const response = await fetch(`${url}/api/chat`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      id: conversation,
      messages: [{ id: randomUUID(), role: "user", parts: [{ type: "text", text: question }] }],
    }),
  });
  if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`);
  yield* read(response.body);
}

export async function* read(body: ReadableStream<Uint8Array>): AsyncGenerator<{ seq: number | undefined; part: Part }> {
  const parser = new SseParser();
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    for (const { id, data } of parser.push(chunk)) {
      if (data === "[DONE]") return;
      yield { seq: id === undefined ? undefined : Number(id), part: JSON.parse(data) as Part };
    }
  }
}
