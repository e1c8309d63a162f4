// Which inputs and outputs of a flow are the question, the history, the answer and the documents.

import { FlowsteadError } from "../base/error/error.ts";
import { plain } from "../base/json.ts";
import type { Value, ValueMap } from "../base/value.ts";
import type { FlowSignature } from "./target.ts";

export interface ChatFlow {
  question: string;
  /** Absent when the flow takes no history. */
  history?: string;
  answer: string;
  /** The output that lists what the answer rests on, in the order of its `[n]` marks. */
  documents?: string;
  /** An input that takes a system message. */
  system?: string;
}

/** One earlier question with its answer. */
export interface Exchange {
  question: Value;
  answer: Value;
}

const QUESTIONS = ["question", "query", "chat_input", "input"];
const ANSWERS = ["answer", "reply", "chat_output", "output"];
const DOCUMENTS = ["documents", "citations", "context"];

/** The flow's own marks first, then the names that chat flows use. @throws FlowsteadError `NotAChatFlow`. */
export function chatFlow(signature: FlowSignature): ChatFlow {
  const { name, inputs, outputs } = signature;
  const question =
    inputs.find((input) => input.isChatInput)?.name ??
    named(inputs, QUESTIONS) ??
    only(inputs.filter((input) => input.type === "string" && !input.isChatHistory && input.default === undefined));
  const answer =
    outputs.find((output) => output.isChatOutput)?.name ??
    named(outputs, ANSWERS) ??
    only(outputs.filter((output) => output.streamed)) ??
    only(outputs.filter((output) => output.type === "string"));
  if (!question) throw notChat(name, "no input for the question", "Mark one input with `is_chat_input: true`");
  if (!answer) throw notChat(name, "no output for the answer", "Mark one output with `is_chat_output: true`");
  const history = inputs.find((input) => input.isChatHistory)?.name ?? named(inputs, ["chat_history"]);
  const documents = named(
    outputs.filter((output) => output.name !== answer),
    DOCUMENTS,
  );
  const system = named(inputs, ["system_message"]);
  return {
    question,
    answer,
    ...(history && { history }),
    ...(documents && { documents }),
    ...(system && { system }),
  };
}

/** A question and what came before it as the flow wants them. */
export function flowInputs(flow: ChatFlow, question: Value, exchanges: readonly Exchange[]): ValueMap {
  const inputs: ValueMap = { [flow.question]: question };
  if (flow.history) {
    inputs[flow.history] = exchanges.map((exchange) => ({
      inputs: { [flow.question]: exchange.question },
      outputs: { [flow.answer]: exchange.answer },
    }));
  }
  return inputs;
}

/**
 * The answer among the outputs of a run that has ended. A prompty or function may return other fields than it announces, such as a
 * prompty whose model answers with JSON: then all of them, as JSON, are the answer.
 */
export function answerOf({ answer }: ChatFlow, outputs: Readonly<ValueMap>): Value {
  if (Object.hasOwn(outputs, answer)) return outputs[answer]!;
  return Object.keys(outputs).length > 0 ? JSON.stringify(plain(outputs)) : null;
}

function named(fields: readonly { name: string }[], names: readonly string[]): string | undefined {
  return names.find((name) => fields.some((field) => field.name === name));
}

function only(fields: readonly { name: string }[]): string | undefined {
  return fields.length === 1 ? fields[0]?.name : undefined;
}

function notChat(flow: string, what: string, advice: string): FlowsteadError {
  const text = `The flow "${flow}" has ${what}, so it cannot chat. ${advice} in its flow.dag.yaml.`;
  return new FlowsteadError("NotAChatFlow", text, { details: { flow } });
}
