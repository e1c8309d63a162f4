// What the original says of a model's failure: the words of the OpenAI client that it uses, under its own classes.

import type { ErrorBody } from "../base/error/error.ts";
import { MODEL_ERRORS } from "../base/error/model.ts";
import { parseJson } from "../base/json.ts";
import { type Value, pyStr } from "../base/value.ts";

export interface ModelError {
  /** The exception that the original raises. */
  type: "WrappedOpenAIError" | "ExceedMaxRetryTimes" | "LLMError";
  chain: string;
  message: string;
}

/** Of an error that no model gave: undefined. */
export function modelError({
  code,
  message,
  details,
}: Pick<ErrorBody, "code" | "message" | "details">): ModelError | undefined {
  if (!Object.hasOwn(MODEL_ERRORS, code)) return undefined;
  const status = details?.["upstreamStatus"];
  if (typeof status !== "number") {
    const { chain } = MODEL_ERRORS[code as keyof typeof MODEL_ERRORS];
    const name = chain.slice(chain.lastIndexOf("/") + 1);
    const { text = message, retried = false } = WORDS[code] ?? {};
    return name === "LLMError" ? llmError(message) : wrapped(name, text, retried);
  }
  const text = statusWords(status, details?.["upstreamBody"]);
  const retried = (status === 429 && code !== "ModelQuotaExhausted") || status === 422 || status >= 500;
  return wrapped(status >= 500 ? "InternalServerError" : (CLASSES[status] ?? "APIStatusError"), text, retried);
}

/** An exception that is none of the OpenAI client's own. */
export function llmError(text: string): ModelError {
  return { type: "LLMError", chain: "UserError/LLMError", message: `OpenAI API hits exception: ${text}` };
}

const CLASSES: Readonly<Record<number, string>> = {
  400: "BadRequestError",
  401: "AuthenticationError",
  403: "PermissionDeniedError",
  404: "NotFoundError",
  409: "ConflictError",
  422: "UnprocessableEntityError",
  429: "RateLimitError",
};

/** Failures without an answer from the model's server: what the client says of them, and whether it asks again before. */
const WORDS: Readonly<Record<string, { text?: string; retried: boolean }>> = {
  ModelRateLimited: { retried: true },
  ModelTimeout: { text: "Request timed out.", retried: true },
  ModelStalled: { text: "Request timed out.", retried: true },
  ModelUnreachable: { text: "Connection error.", retried: false },
  ModelConnectionLost: { text: "Connection error.", retried: true },
  ModelFailed: { retried: true },
};

function statusWords(status: number, body: unknown): string {
  const said = typeof body === "string" ? body.trim() : "";
  if (said === "") return `Error code: ${status}`;
  let parsed: Value;
  try {
    parsed = parseJson(said);
  } catch {
    return said;
  }
  return `Error code: ${status} - ${pyStr(parsed)}`;
}

function wrapped(name: string, text: string, retried: boolean): ModelError {
  const advice = ADVICE.find(({ when }) => when.test(text))?.say;
  const words = advice ?? `${text} [Error reference: https://platform.openai.com/docs/guides/error-codes/api-errors]`;
  return {
    type: retried ? "ExceedMaxRetryTimes" : "WrappedOpenAIError",
    chain: `UserError/OpenAIError/${name}`,
    message: `${retried ? "Exceed max retry times. " : ""}OpenAI API hits ${name}: ${words}`,
  };
}

/** Refusals that the original puts in words of its own. */
const ADVICE: readonly { when: RegExp; say: string }[] = [
  {
    when: /Unrecognized request argument supplied: functions/,
    say:
      "Current model does not support the `functions` parameter. If you are using openai connection, then please use " +
      "gpt-3.5-turbo, gpt-4, gpt-4-32k, gpt-3.5-turbo-0613 or gpt-4-0613. You can refer to " +
      "https://platform.openai.com/docs/guides/gpt/function-calling. If you are using azure openai connection, then " +
      "please first go to your Azure OpenAI resource, deploy model 'gpt-35-turbo' or 'gpt-4' with version 0613, then " +
      "go to prompt flow connection page, upgrade connection api version to '2023-07-01-preview'. You can refer to " +
      "https://learn.microsoft.com/en-us/azure/ai-services/openai/how-to/function-calling.",
  },
  {
    when: /The completion operation does not work with the specified model|parameters are not available.*(best_of|echo|logprobs)|(best_of|echo|logprobs).*parameters are not available/s,
    say:
      "The completion operation does not work with the current model. Completion API is a legacy api and is going to " +
      "be deprecated soon. Please change to use Chat API for current model. You could refer to guideline at " +
      "https://aka.ms/pfdoc/chat-prompt or view the samples in our gallery that contain 'Chat' in the name.",
  },
  {
    when: /Invalid content type\. image_url is only supported by certain models/,
    say:
      "Current model does not support the image input. If you are using openai connection, then please use " +
      "gpt-4-vision-preview. You can refer to https://platform.openai.com/docs/guides/vision.If you are using azure " +
      "openai connection, then please first go to your Azure OpenAI resource, create a GPT-4 Turbo with Vision " +
      'deployment by selecting model name: "gpt-4" and model version "vision-preview". You can refer to ' +
      "https://learn.microsoft.com/en-us/azure/ai-services/openai/how-to/gpt-with-vision",
  },
  {
    when: /'response_format' of type.*is not supported with this model\.|Additional properties are not allowed.*unexpected\) - 'response_format'/s,
    say:
      'The response_format parameter needs to be a dictionary such as {"type": "text"}. The value associated with the ' +
      "type key should be either 'text' or 'json_object' If you are using openai connection, you can only set " +
      'response_format to { "type": "json_object" } when calling gpt-3.5-turbo-1106 or gpt-4-1106-preview to enable ' +
      "JSON mode. You can refer to https://platform.openai.com/docs/guides/text-generation/json-mode. If you are using " +
      "azure openai connection, then please first go to your Azure OpenAI resource, deploy model " +
      "'gpt-35-turbo-1106' or 'gpt-4-1106-preview'. You can refer to " +
      "https://learn.microsoft.com/en-us/azure/ai-services/openai/how-to/json-mode?tabs=python.",
  },
  {
    when: /Principal does not have access to API\/Operation/,
    say:
      "Principal does not have access to API/Operation. If you are using azure openai connection, please make sure you " +
      "have proper role assignment on your azure openai resource. You can refer to " +
      "https://learn.microsoft.com/en-us/azure/ai-services/openai/how-to/role-based-access-control",
  },
];
