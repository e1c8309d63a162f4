import type { ErrorBody } from "../base/error/error.ts";
import { ERROR_TABLE, type ErrorRow } from "../base/error/table.ts";

/**
 * A failure in words for the person who asked: what happened, then what to do. Never a stack; a failure that nobody
 * foresaw is not quoted either, only the run under which the log has it.
 */
export function errorText(error: ErrorBody, runId: string): string {
  const row: ErrorRow | undefined = Object.hasOwn(ERROR_TABLE, error.code) ? ERROR_TABLE[error.code] : undefined;
  if (error.code === "Unexpected" || !row) {
    return `Something failed that should not. Ask again; if it happens again, tell whoever runs this system (run ${runId}).`;
  }
  const message = sentence(withoutStack(error.message));
  const wait = error.retryAfterMs ? `Try again in ${Math.ceil(error.retryAfterMs / 1000)} s.` : "";
  const remedy = wait || (hasAdvice(message) ? "" : row.remedy);
  return [message, remedy].filter((each) => each !== "").join(" ");
}

function withoutStack(message: string): string {
  return message.split(/\n\s+(?:at |File ")/, 1)[0]?.trim() ?? "";
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) || text === "" ? text : `${text}.`;
}

/** Whether the message goes on to say what to do, after what happened. */
function hasAdvice(message: string): boolean {
  return /[.!?:;] (?:Then )?(?:Ask|Check|Choose|Close|Free|Mark|Mend|Put|Raise|Retry|See|Send|Set|Start|Stop|Try|Use|Wait|Add|Install|Give|Change|Correct|Remove|Run|Configure|Look|Make|Move|Name|Open|Shorten|Write|Declare|Rephrase)\b/.test(
    message,
  );
}

export const INTERRUPTED_TEXT = "This answer was interrupted because the system stopped. Ask again to get a whole one.";
