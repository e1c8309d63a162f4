// The calls that every gateway under measurement gets, and whether their answers are whole.

import type { Side } from "./gateway-side.ts";

const MESSAGES = [
  { role: "system", content: "Answer from the documents, briefly, and say where it stands. ".repeat(4) },
  { role: "user", content: "How long is the warranty of the tent, and does it cover the poles? ".repeat(3) },
];
export const PATH = "/v1/chat/completions";

/** @param tokens of a stream; undefined for JSON */
export function bodyOf(model: string, tokens: number | undefined): string {
  return JSON.stringify({
    model,
    messages: MESSAGES,
    temperature: 0,
    max_tokens: tokens ?? 64,
    ...(tokens === undefined ? {} : { stream: true }),
  });
}

export interface Timed {
  firstMs: number;
  totalMs: number;
}

export interface Calls {
  tokens: number | undefined;
  connections: number;
  calls: number;
}

export async function many(side: Side, { tokens, connections, calls }: Calls): Promise<Timed[]> {
  const timed: Timed[] = [];
  let left = calls;
  const worker = async (): Promise<void> => {
    while (left-- > 0) timed.push(await one(side, tokens));
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return timed;
}

/** @throws Error when its answer is not whole. */
export async function one({ pool, headers, model, name }: Side, tokens: number | undefined): Promise<Timed> {
  const body = bodyOf(model, tokens);
  const startedAt = performance.now();
  let firstMs = 0;
  let text = "";
  await new Promise<void>((resolve, reject) => {
    pool.dispatch(
      { method: "POST", path: PATH, body, headers: { "content-type": "application/json", ...headers } },
      {
        onRequestStart() {},
        onResponseStart(_controller, status) {
          if (status !== 200) text = `status ${status}: `;
        },
        onResponseData(_controller, chunk) {
          firstMs ||= performance.now() - startedAt;
          text += chunk.toString("latin1");
        },
        onResponseEnd: () => resolve(),
        onResponseError: (_controller, error) => reject(new Error(`${name}: ${error.message}`, { cause: error })),
      },
    );
  });
  const totalMs = performance.now() - startedAt;
  const isWhole =
    tokens === undefined
      ? text.includes('"finish_reason":"stop"')
      : text.split('"content":"word "').length === tokens + 1 && text.includes("data: [DONE]");
  if (!isWhole || text.startsWith("status")) throw new Error(`${name} gave no whole answer: ${text.slice(0, 300)}`);
  return { firstMs, totalMs };
}
