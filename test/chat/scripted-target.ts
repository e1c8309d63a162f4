// A target that does what a test tells it, event by event.

import type { FlowEvent } from "../../src/flow/event.ts";
import type { FlowCall, FlowSignature, Target } from "../../src/flow/target.ts";
import type { Value, ValueMap } from "../../src/base/value.ts";
import { CHAT_SIGNATURE } from "../fake/target.ts";

export type Script = (call: FlowCall, signal: AbortSignal, nth: number) => AsyncIterable<FlowEvent>;

export interface ScriptedTarget extends Target {
  /** Inputs of every call, in order. */
  readonly calls: FlowCall[];
  /** Calls whose signal was aborted. */
  readonly aborted: number[];
}

export function scriptedTarget(script: Script, signature: FlowSignature = CHAT_SIGNATURE): ScriptedTarget {
  const calls: FlowCall[] = [];
  const aborted: number[] = [];
  return {
    calls,
    aborted,
    describe: async () => signature,
    invoke(call, signal) {
      const nth = calls.push(call) - 1;
      signal.addEventListener("abort", () => aborted.push(nth));
      return script(call, signal, nth);
    },
    close: async () => {},
  };
}

export const USAGE = { promptTokens: 7, completionTokens: 5, totalTokens: 12 };

export const on = {
  start: (node: string, tool = "llm"): FlowEvent => ({ type: "node-start", node, kind: tool, tool, time: 1 }),
  done: (node: string): FlowEvent => ({ type: "node-end", node, status: "completed", time: 2, durationMs: 3 }),
  text: (text: string): FlowEvent => ({ type: "text-delta", output: "answer", text }),
  output: (name: string, value: Value): FlowEvent => ({ type: "output", name, value }),
  end: (outputs: ValueMap): FlowEvent => ({ type: "flow-end", time: 3, durationMs: 40, outputs, usage: USAGE }),
};

/** An Index Lookup item. */
export function passage(n: number, text: string): Value {
  return {
    text,
    score: 10 - n,
    metadata: {
      id: `doc-${n}#0`,
      document_id: `doc-${n}`,
      title: `Handbook ${n}`,
      headings: ["Leave", `Part ${n}`],
      page: n,
      start: 0,
      end: text.length,
      source: { title: `Handbook ${n}`, filename: `handbook-${n}.pdf`, url: `documents/handbook-${n}.pdf` },
      highlights: [],
    },
  };
}

/** A search step, then the answer in these pieces. */
export async function* answering(
  pieces: Iterable<string>,
  documents: Value[] = [],
  pauseMs = 0,
): AsyncIterable<FlowEvent> {
  yield on.start("search", "index_lookup");
  yield on.done("search");
  yield on.output("documents", documents);
  yield on.start("answer");
  let whole = "";
  for (const piece of pieces) {
    whole += piece;
    yield on.text(piece);
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  yield on.done("answer");
  yield on.end({ answer: whole, documents });
}

/** A door that a script waits at until the test opens it. */
export function gate(): { open: () => void; opened: Promise<void> } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}
