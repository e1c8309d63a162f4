// Lines through a target: places, limits, stopping.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import type { FlowEvent } from "../../src/flow/event.ts";
import type { FlowCall, Target } from "../../src/flow/target.ts";
import { type BatchOptions, runLines } from "../../src/run/batch.ts";
import type { BatchLine, LineResult } from "../../src/run/line-run.ts";

type Answer = (call: FlowCall, signal: AbortSignal) => Promise<void>;

/** A target that ends when the answer does: with it, with its error, or canceled. */
function target(answer: Answer): Target {
  return {
    describe: () => Promise.reject(new Error("not asked")),
    async *invoke(call, signal): AsyncGenerator<FlowEvent> {
      const outputs = { plain: ["x"], streamed: [] };
      yield { type: "flow-start", runId: call.runId ?? "", flow: "f", time: 0, inputs: call.inputs, outputs };
      try {
        await answer(call, signal);
        const usage = { promptTokens: 1, completionTokens: 2, totalTokens: 3 };
        yield { type: "flow-end", time: 1, durationMs: 1, outputs: { x: call.inputs["x"] ?? null }, usage };
      } catch (thrown) {
        yield { type: "error", time: 1, error: FlowsteadError.from(thrown).toBody() };
      }
    },
    close: () => Promise.resolve(),
  };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(new FlowsteadError("Canceled", "stopped"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
}

async function* rows(count: number, onRead?: (line: number) => void): AsyncGenerator<BatchLine> {
  for (let line = 0; line < count; line++) {
    onRead?.(line);
    yield { line, inputs: { x: line } };
  }
}

async function collect(
  lines: AsyncIterable<BatchLine>,
  options: Partial<BatchOptions> & Pick<BatchOptions, "target">,
  signal = new AbortController().signal,
): Promise<{ results: LineResult[]; error?: FlowsteadError }> {
  const results: LineResult[] = [];
  const onLine = async (result: LineResult): Promise<void> => void results.push(result);
  const needs = { inputs: [], nodes: [] };
  const defaults = { runId: "r", needs, messageFormat: "basic", timeoutMs: 60_000, concurrency: 3, onLine } as const;
  try {
    await runLines(lines, { ...defaults, ...options }, signal);
    return { results };
  } catch (thrown) {
    return { results, error: FlowsteadError.from(thrown) };
  }
}

test("as many lines run at a time as there are places, and rows are read only as places become free", async () => {
  let running = 0;
  let most = 0;
  let read = 0;
  const gates: (() => void)[] = [];
  const answer = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => gates.push(resolve));
    running--;
  };
  const work = collect(
    rows(7, () => read++),
    { target: target(answer) },
  );
  for (let ended = 0; ended < 7; ended++) {
    while (gates.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(read <= ended + 3, `${read} rows were read when ${ended} had ended`);
    gates.shift()?.();
  }
  const { results } = await work;
  assert.equal(most, 3);
  assert.deepEqual(
    results.map(({ line }) => line).toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6],
  );
});

test("a line that fails is a result like another", async () => {
  const answer: Answer = async ({ inputs }) => {
    if (inputs["x"] === 1) throw new FlowsteadError("ToolExecutionError", "broken");
  };
  const { results, error } = await collect(rows(3), { target: target(answer), concurrency: 1 });
  assert.equal(error, undefined);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["Completed", "Failed", "Completed"],
  );
  assert.equal(results[1]?.error?.message, "broken");
  assert.deepEqual(results[1]?.error?.innerError, { code: "ToolExecutionError", innerError: null });
});

test("a line that takes too long fails alone, and its work is stopped", async () => {
  let stopped = false;
  const answer: Answer = async ({ inputs }, signal) => {
    if (inputs["x"] !== 0) return;
    await untilAborted(signal).finally(() => (stopped = true));
  };
  const { results } = await collect(rows(2), { target: target(answer), timeoutMs: 50 });
  const slow = results.find(({ line }) => line === 0);
  assert.equal(slow?.error?.message, "Line 0 execution timeout for exceeding 0.05 seconds");
  assert.equal(results.find(({ line }) => line === 1)?.status, "Completed");
  assert.equal(stopped, true);
});

test("lines that were running when the batch was stopped are no results", async () => {
  const stop = new AbortController();
  const answer: Answer = async ({ inputs }, signal) => {
    if (inputs["x"] === 0) return;
    stop.abort();
    await untilAborted(signal);
  };
  const { results, error } = await collect(rows(9), { target: target(answer), concurrency: 1 }, stop.signal);
  assert.deepEqual(
    results.map(({ line }) => line),
    [0],
  );
  assert.equal(error?.code, "Canceled");
});

test("a batch that takes too long ends with what it has", async () => {
  const answer: Answer = ({ inputs }, signal) => (inputs["x"] === 0 ? Promise.resolve() : untilAborted(signal));
  const { results, error } = await collect(rows(2), { target: target(answer), batchTimeoutMs: 50 });
  assert.deepEqual(
    results.map(({ line }) => line),
    [0],
  );
  assert.equal(error?.code, "BatchExecutionTimeoutError");
  assert.match(error?.message ?? "", /due to timeout \[0\.05s\]/);
});

test("when results can not be kept, nothing more is run", async () => {
  let calls = 0;
  const onLine = (): Promise<void> => Promise.reject(new Error("disk full"));
  const answer = async (): Promise<void> => void calls++;
  const { error } = await collect(rows(50), { target: target(answer), concurrency: 2, onLine });
  assert.equal(error?.message, "disk full");
  assert.ok(calls <= 4, `${calls} lines were run`);
});
