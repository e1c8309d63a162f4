// The JSON shapes of OpenAI's and Azure's answers and errors.

export type Dialect = "openai" | "azure" | "anthropic";

const SAFE = { filtered: false, severity: "safe" };

export const FILTER_RESULTS = { hate: SAFE, self_harm: SAFE, sexual: SAFE, violence: SAFE };

const FILTERED = { ...FILTER_RESULTS, violence: { filtered: true, severity: "high" } };

/** Azure's first chunk: no choices, empty names, and what the prompt's filter found. */
export const PROMPT_FILTER_CHUNK = {
  choices: [],
  created: 0,
  id: "",
  model: "",
  object: "",
  prompt_filter_results: [
    { prompt_index: 0, content_filter_results: { ...FILTER_RESULTS, jailbreak: { filtered: false, detected: false } } },
  ],
};

/** A chunk of Azure's asynchronous filter: it has no delta. */
export function asyncFilterChunk(offset: number): unknown {
  return {
    id: "",
    object: "",
    created: 0,
    model: "",
    choices: [
      {
        index: 0,
        finish_reason: null,
        content_filter_offsets: { check_offset: offset, start_offset: offset, end_offset: offset },
        content_filter_results: FILTER_RESULTS,
        content_filter_raw: [],
      },
    ],
  };
}

export function filteredCompletion(dialect: Dialect): Record<string, unknown> {
  return dialect === "azure" ? { content_filter_results: FILTERED } : {};
}

export function filteredPrompt(): unknown {
  return {
    error: {
      message:
        "The response was filtered due to the prompt triggering the content management policy. Please modify your prompt and retry.",
      type: null,
      param: "prompt",
      code: "content_filter",
      status: 400,
      innererror: { code: "ResponsibleAIPolicyViolation", content_filter_result: FILTERED },
    },
  };
}

export function unauthorized(dialect: Dialect): unknown {
  if (dialect === "anthropic") return messagesError(401, "invalid x-api-key");
  return dialect === "azure"
    ? {
        error: {
          code: "401",
          message: "Access denied due to invalid subscription key or wrong API endpoint.",
        },
      }
    : {
        error: {
          message: "Incorrect API key provided.",
          type: "invalid_request_error",
          param: null,
          code: "invalid_api_key",
        },
      };
}

export function unknownModel(dialect: Dialect, model: string): unknown {
  return dialect === "azure"
    ? { error: { code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." } }
    : {
        error: {
          message: `The model \`${model}\` does not exist or you do not have access to it.`,
          type: "invalid_request_error",
          param: null,
          code: "model_not_found",
        },
      };
}

export function statusError(status: number, dialect: Dialect): unknown {
  const [message, type] =
    status === 429
      ? ["Requests have exceeded the rate limit. Please retry later.", "requests"]
      : ["The server had an error while processing your request.", "server_error"];
  if (dialect === "anthropic") return messagesError(status, message);
  return { error: { message, type, param: null, code: status === 429 ? "rate_limit_exceeded" : null } };
}

export function badRequest(message: string): unknown {
  return { error: { message, type: "invalid_request_error", param: null, code: null } };
}

export function notFound(path: string): unknown {
  return { error: { code: "404", message: `Resource not found: ${path}` } };
}

/** An error in Anthropic's form. */
export function messagesError(status: number, message: string): unknown {
  const types: Record<number, string> = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
  };
  return { type: "error", error: { type: types[status] ?? "api_error", message } };
}
