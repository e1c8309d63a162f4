import type { FlowEvent } from "../../src/flow/event.ts";
import type { FlowCall, FlowSignature, Target } from "../../src/flow/target.ts";

export const CHAT_SIGNATURE: FlowSignature = {
  name: "chat",
  inputs: [
    { name: "question", type: "string", isChatInput: true, isChatHistory: false },
    { name: "chat_history", type: "list", default: [], isChatInput: false, isChatHistory: true },
  ],
  outputs: [
    { name: "answer", type: "string", isChatOutput: true, evaluationOnly: false, streamed: true },
    { name: "documents", type: "list", isChatOutput: false, evaluationOnly: false, streamed: false },
  ],
};

/** A target that plays what `script` yields for a call, and keeps the calls it got. */
export function scriptedTarget(
  script: (call: FlowCall, signal: AbortSignal) => AsyncIterable<FlowEvent> | Iterable<FlowEvent>,
  signature: FlowSignature = CHAT_SIGNATURE,
): Target & { calls: FlowCall[]; aborted: number } {
  const target = {
    calls: [] as FlowCall[],
    aborted: 0,
    describe: async () => signature,
    async *invoke(call: FlowCall, signal: AbortSignal): AsyncGenerator<FlowEvent> {
      target.calls.push(call);
      signal.addEventListener("abort", () => target.aborted++, { once: true });
      yield* script(call, signal);
    },
    close: async () => {},
  };
  return target;
}

export function start(): FlowEvent {
  return {
    type: "flow-start",
    runId: "r",
    flow: "chat",
    time: 0,
    inputs: {},
    outputs: { plain: ["documents"], streamed: ["answer"] },
  };
}

export function text(text: string): FlowEvent {
  return { type: "text-delta", output: "answer", text };
}

export function end(outputs: Record<string, string | string[]>): FlowEvent {
  return {
    type: "flow-end",
    time: 0,
    durationMs: 1,
    outputs,
    usage: { promptTokens: 3, completionTokens: 2, totalTokens: 5 },
  };
}
