// What every ChatModel promises, whatever provider or wrapper it is.

import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { FlowsteadError } from "../src/base/error/error.ts";
import { type ChatChunk, type ChatModel, type ChatRequest, isContent } from "../src/model/chat-model.ts";

export interface ModelUnderTest {
  model: ChatModel;
  /** Words that the answer to the question below holds. */
  answer: RegExp;
  /** Waits until the upstream has seen that a call was given up; absent for a model without an upstream. */
  upstreamAborted?: () => Promise<unknown>;
}

/** The prompt of the suite: models that only quote documents can answer it too. */
export const SUITE_REQUEST: ChatRequest = {
  messages: [
    {
      role: "system",
      content: `<document id="1" title="Garden">\nThe garden opens at nine in the morning, and it is closed by the keeper at eight in the evening, all days of the week.\n</document>`,
    },
    { role: "user", content: "When does the garden open?" },
  ],
  stream: true,
  parameters: {},
};

export interface MakeOptions {
  /** The answer should go on for seconds, so that an abort meets it on any machine. */
  isLong: boolean;
}

/** Runs the promises of the port on what `make` gives; it is closed after each test. */
export function modelSuite(
  name: string,
  make: (context: TestContext, options: MakeOptions) => Promise<ModelUnderTest>,
): void {
  const check = (title: string, body: (made: ModelUnderTest) => Promise<void>, isLong = false): void => {
    test(title, async (context) => {
      const made = await make(context, { isLong });
      try {
        await body(made);
      } finally {
        await made.model.close();
      }
    });
  };

  describe(`ChatModel: ${name}`, () => {
    check(
      "streams text in several chunks, then one finish reason, then at most the usage",
      async ({ model, answer }) => {
        const chunks = await collect(model.chat(SUITE_REQUEST, never()));
        assert.match(textOf(chunks), answer);
        assert.ok(chunks.filter(isContent).length > 1, "one chunk is no stream");
        assertEnd(chunks);
      },
    );

    check("gives the same answer when the upstream is not asked to stream", async ({ model, answer }) => {
      const chunks = await collect(model.chat({ ...SUITE_REQUEST, stream: false }, never()));
      assert.match(textOf(chunks), answer);
      assertEnd(chunks);
    });

    check("every chunk has an id, a model and choices", async ({ model }) => {
      for await (const chunk of model.chat(SUITE_REQUEST, never())) {
        assert.equal(typeof chunk.id, "string");
        assert.equal(typeof chunk.model, "string");
        assert.equal(typeof chunk.created, "number");
        assert.ok(Array.isArray(chunk.choices));
      }
    });

    check("leaves the request as it was", async ({ model }) => {
      const request = structuredClone(SUITE_REQUEST);
      await collect(model.chat(request, never()));
      assert.deepEqual(request, SUITE_REQUEST);
    });

    check("answers several calls at once", async ({ model, answer }) => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => collect(model.chat(SUITE_REQUEST, never()))));
      for (const chunks of answers) assert.match(textOf(chunks), answer);
    });

    check("an aborted signal before the call is Canceled", async ({ model }) => {
      await assert.rejects(collect(model.chat(SUITE_REQUEST, AbortSignal.abort())), { code: "Canceled" });
    });

    check(
      "abort in the answer is Canceled, and stops the upstream",
      async ({ model, upstreamAborted }) => {
        const controller = new AbortController();
        let seen = 0;
        await assert.rejects(
          (async () => {
            for await (const chunk of model.chat(SUITE_REQUEST, controller.signal)) {
              if (isContent(chunk) && ++seen === 2) controller.abort();
            }
          })(),
          { code: "Canceled" },
        );
        assert.equal(seen, 2, "text after the abort");
        await upstreamAborted?.();
      },
      true,
    );

    check(
      "leaving the loop stops the upstream",
      async ({ model, upstreamAborted }) => {
        for await (const chunk of model.chat(SUITE_REQUEST, never())) if (isContent(chunk)) break;
        await upstreamAborted?.();
      },
      true,
    );

    check("probe succeeds, and honours its signal", async ({ model }) => {
      await model.probe(never());
      await assert.rejects(model.probe(AbortSignal.abort()), { code: "Canceled" });
    });

    check("its id is not empty and holds no secret", async ({ model }) => {
      assert.ok(model.id.length > 0);
      assert.doesNotMatch(model.id, /suite-key/);
    });
  });
}

export function never(): AbortSignal {
  return new AbortController().signal;
}

export async function collect(chunks: AsyncIterable<ChatChunk>): Promise<ChatChunk[]> {
  const all: ChatChunk[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

export function textOf(chunks: readonly ChatChunk[]): string {
  return chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? "").join("");
}

/** What the chunks were before a failure, and the failure. */
export async function collectUntilFailure(
  chunks: AsyncIterable<ChatChunk>,
): Promise<{ text: string; error: FlowsteadError }> {
  const all: ChatChunk[] = [];
  try {
    for await (const chunk of chunks) all.push(chunk);
  } catch (thrown) {
    assert.ok(thrown instanceof FlowsteadError, String(thrown));
    return { text: textOf(all), error: thrown };
  }
  throw new Error(`it did not fail but said: ${textOf(all)}`);
}

function assertEnd(chunks: ChatChunk[]): void {
  const finished = chunks.findIndex((chunk) => chunk.choices.some((choice) => choice.finish_reason));
  assert.ok(finished >= 0, "no finish reason");
  assert.equal(chunks[finished]?.choices[0]?.finish_reason, "stop");
  for (const chunk of chunks.slice(finished + 1)) assert.equal(isContent(chunk), false, "text after the finish reason");
  const usage = chunks.at(-1)?.usage;
  assert.ok(usage && usage.total_tokens === usage.prompt_tokens + usage.completion_tokens, "usage");
}
