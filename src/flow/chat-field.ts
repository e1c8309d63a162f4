// Which inputs and outputs of a flow carry a conversation. The flow says so with `is_chat_*`; flows that do not are
// understood by the names that chat front ends of the original fall back to.

import type { Value, ValueMap } from "../base/value.ts";
import type { FlowSignature } from "./target.ts";

export interface ChatFields {
  input: string;
  history: string | undefined;
  output: string;
  /** The output that lists what the answer rests on, in the order of its `[n]` marks. */
  documents: string | undefined;
  /** An input that takes a system message. */
  system: string | undefined;
}

/** @returns undefined when the flow is no chat flow by its marks or names. */
export function chatFields({ inputs, outputs }: FlowSignature): ChatFields | undefined {
  const named = (list: readonly { name: string }[], ...names: string[]): string | undefined =>
    names.find((name) => list.some((item) => item.name === name));
  const input = inputs.find((item) => item.isChatInput)?.name ?? named(inputs, "question", "query");
  const output = outputs.find((item) => item.isChatOutput)?.name ?? named(outputs, "answer", "reply");
  if (input === undefined || output === undefined) return undefined;
  return {
    input,
    output,
    history: inputs.find((item) => item.isChatHistory)?.name ?? named(inputs, "chat_history"),
    documents: named(outputs, "documents", "citations", "context"),
    system: named(inputs, "system_message"),
  };
}

/** One earlier question with its answer, as `chat_history` holds it. */
export interface ChatExchange {
  question: Value;
  answer: Value;
}

/** The flow's inputs for a question. */
export function chatInputs(fields: ChatFields, question: Value, history: readonly ChatExchange[]): ValueMap {
  const inputs: ValueMap = { [fields.input]: question };
  if (fields.history !== undefined) {
    inputs[fields.history] = history.map((turn) => ({
      inputs: { [fields.input]: turn.question },
      outputs: { [fields.output]: turn.answer },
    }));
  }
  return inputs;
}
