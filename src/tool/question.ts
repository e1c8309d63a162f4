// What Python code asks of the engine: the `promptflow` package in python/ is the one that asks.

import { FlowsteadError } from "../base/error/error.ts";
import { plain } from "../base/json.ts";
import { type Value, type ValueMap, isMap, pyStr } from "../base/value.ts";
import { nodeConnection } from "../flow/literal.ts";
import type { AnswerContext } from "../flow/tool.ts";
import type { ChatMessage } from "../model/chat-model.ts";
import { parseChat } from "../prompt/parse-chat.ts";
import { loadPrompty, promptyInputs, renderPrompty } from "../prompt/prompty.ts";
import { compileTemplate } from "../prompt/template.ts";
import type { PythonQuestion } from "../python/question.ts";
import { answerEmbedding, answerModel } from "./question-model.ts";
import { answerFlow } from "./question-flow.ts";
import { type LlmProvider, requestParameters } from "./llm-parameter.ts";
import { promptyParameters } from "./prompty-parameter.ts";

type Answers = Readonly<Record<string, (value: ValueMap, context: AnswerContext) => AsyncIterable<Value>>>;

const ANSWERS: Answers = {
  model: answerModel,
  embedding: answerEmbedding,
  flow: answerFlow,
  async *connection({ name }, { resources }) {
    const { name: given, type, configs, secrets } = await nodeConnection(resources, text(name), "");
    yield { name: given, type, configs, secrets };
  },
  async *render({ template, variables, trim_blocks: trim, keep_trailing_newline: keep }, { env, signal }) {
    const compiled = compileTemplate(text(template), {
      trimBlocks: trim !== false,
      keepTrailingNewline: keep !== false,
      env,
    });
    yield compiled.render(map(variables), { signal });
  },
  async *parse_chat({ prompt, image_detail: detail }) {
    const known = detail === "low" || detail === "high" ? detail : "auto";
    yield messagesOf(parseChat(text(prompt), { detail: known }));
  },
  async *chat_body({ provider, prompt, model, parameters, variables }, { env, signal }) {
    const dialect: LlmProvider = provider === "AzureOpenAI" ? "AzureOpenAI" : "OpenAI";
    const rendered = compileTemplate(text(prompt), { env }).renderText(map(variables), {
      chatLists: dialect === "AzureOpenAI",
      escape: Object.keys(map(variables)),
      signal,
    });
    const { body, stream } = requestParameters("chat", dialect, map(parameters));
    yield { ...(body as ValueMap), messages: messagesOf(parseChat(rendered)), model: model ?? null, stream };
  },
  async *prompty({ source, changes }, { env }) {
    const prompty = loadPrompty(text(source), { env, changes: map(changes) });
    const { name, model, outputs, sample } = prompty;
    yield { name, model: { ...model }, inputs: { ...prompty.inputs }, outputs: { ...outputs }, sample };
  },
  async *prompt({ source, changes, inputs }, { env, signal }) {
    const prompty = loadPrompty(text(source), { env, changes: map(changes) });
    const given = map(inputs);
    const prompt: ValueMap =
      prompty.model.api === "chat"
        ? { messages: messagesOf(renderPrompty(prompty, given, { signal })) }
        : { prompt: prompty.template.render(promptyInputs(prompty, given), { signal }) };
    yield { ...prompt, parameters: promptyParameters(prompty) };
  },
};

/** @throws FlowsteadError of the part that answers; `UnsupportedPythonCall` for a question that nobody knows. */
export function answerQuestion({ kind, value }: PythonQuestion, context: AnswerContext): AsyncIterable<Value> {
  const answer = Object.hasOwn(ANSWERS, kind) ? ANSWERS[kind] : undefined;
  if (answer) return answer(value, context);
  throw new FlowsteadError("UnsupportedPythonCall", `The engine has no answer to '${kind}'; update the python folder.`);
}

function messagesOf(messages: readonly ChatMessage[]): Value {
  return plain(messages as unknown as Value) as Value;
}

function map(value: Value | undefined): ValueMap {
  return isMap(value) ? value : {};
}

function text(value: Value | undefined): string {
  return value === undefined || value === null ? "" : pyStr(value);
}
