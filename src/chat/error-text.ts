import type { ErrorBody } from "../base/error/error.ts";
import { ERROR_TABLE, type ErrorRow } from "../base/error/table.ts";

const LONGEST = 600;

/**
 * A failure in words for the person who asked: what happened, then what to do. Never a stack; a failure that nobody
 * foresaw is not quoted either, only the run under which the log has it.
 */
export function errorText(error: ErrorBody, runId: string): string {
  const row: ErrorRow | undefined = Object.hasOwn(ERROR_TABLE, error.code) ? ERROR_TABLE[error.code] : undefined;
  if (error.code === "Unexpected" || !row) {
    return `Something failed that should not. Ask again; if it happens again, tell whoever runs this system (run ${runId}).`;
  }
  const message = sentence(withoutStack(error.message)) || row.meaning;
  if (error.retryAfterMs) return `${message} Try again in ${Math.ceil(error.retryAfterMs / 1000)} s.`;
  return hasAdvice(message) ? message : `${message} ${remedyOf(row, runId)}`;
}

function remedyOf(row: ErrorRow, runId: string): string {
  // `details` are for programs: a person in the chat does not see them.
  if (row.remedy.includes("details")) return `The author of the flow finds more in the log (run ${runId}).`;
  return row.remedy;
}

/** The message up to a JavaScript or Python stack. */
function withoutStack(message: string): string {
  const text = message.split(/\n\s*(?:at |File "|Traceback )/, 1)[0]?.trim() ?? "";
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function sentence(text: string): string {
  return text === "" || /[.!?…]$/.test(text) ? text : `${text}.`;
}

const ADVICE =
  /[.!?:;] (?:Then )?(?:Add|Ask|Change|Check|Choose|Close|Configure|Correct|Declare|Free|Give|Install|Look|Make|Mark|Mend|Move|Name|Open|Put|Raise|Remove|Rephrase|Retry|Run|See|Send|Set|Shorten|Start|Stop|Try|Use|Wait|Write)\b/;

/** Whether the message itself goes on to say what to do, after what happened. */
function hasAdvice(message: string): boolean {
  return ADVICE.test(message) || /\bplease\b/i.test(message);
}

export const INTERRUPTED_TEXT = "This answer was interrupted because the system stopped. Ask again to get a whole one.";
