// What the original tells of a prompty that failed: it runs one as a script, and each failure of it is the script's.

import { FlowsteadError } from "../base/error/error.ts";
import { JsonDecodeError } from "../flow/decode-json.ts";
import { llmError, modelError } from "../flow/model-error.ts";

/** The name under which the original calls every prompty. */
const FUNCTION = "_traced_sync.<locals>.wrapped";

/** The original's exceptions where they are called otherwise than our codes. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  ChatAPIInvalidRole: "ChatAPIInvalidRoleError",
  ConnectionNotFound: "ConnectionNotFoundError",
  InvalidConnection: "InvalidConnectionError",
};

/** What a prompty's template fails with; where and why stands in our own message. */
const TEMPLATE = {
  type: "UserErrorException",
  message: "Failed to render jinja template. Please modify your prompt to fix the issue.",
};
const CHAT_TEMPLATE = {
  type: "JinjaTemplateError",
  message: `Failed to render jinja template: UserErrorException: ${TEMPLATE.message}. Please modify your prompt to fix the issue.`,
};

/** The failure as it was, with the original's place in the hierarchy and words beside it. */
export function promptyFailure(thrown: unknown, api: "chat" | "completion"): FlowsteadError {
  const error = FlowsteadError.from(thrown);
  if (error.code === "Canceled" || error.code === "ShuttingDown") return error;
  const { type, message } = raised(error, thrown, api);
  return new FlowsteadError(error.code, error.message, {
    cause: thrown,
    status: error.status,
    retryable: error.retryable,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    details: {
      ...error.details,
      chain: "UserError/ScriptExecutionError",
      original: `Execution failure in '${FUNCTION}': (${type}) ${message}`,
    },
  });
}

function raised(error: FlowsteadError, thrown: unknown, api: string): { type: string; message: string } {
  const fromModel = modelError(error);
  if (fromModel) return fromModel;
  if (error.cause instanceof JsonDecodeError) return llmError(`JSONDecodeError: ${error.cause.message}`);
  const { type } = error.details ?? {};
  if (error.code === "InvalidImageInput" && typeof type === "string") return llmError(`${type}: ${error.message}`);
  if (error.code === "JinjaTemplateError") return api === "chat" ? CHAT_TEMPLATE : TEMPLATE;
  if (thrown instanceof FlowsteadError) return { type: EXCEPTIONS[error.code] ?? error.code, message: error.message };
  return llmError(`${thrown instanceof Error ? thrown.name : "Exception"}: ${error.message}`);
}
