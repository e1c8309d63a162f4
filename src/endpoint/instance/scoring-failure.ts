// What failures of a remote `/score` mean here: which ones may move a call, and which are the flow's own.

import { FlowsteadError } from "../../base/error/error.ts";

export interface FailedAnswer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
}

/** Nothing of the request had left when these happened. */
const BEFORE_SENDING =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT|(?:UND_)?ERR_CONNECT_TIMEOUT|ERR_TLS_.*|CERT_.*|.*_CERT.*|ERR_SSL_.*)$/;

/** A failure without an answer. */
export function unreachable(thrown: unknown, peer: string, isCanceled: boolean): FlowsteadError {
  if (thrown instanceof FlowsteadError) return thrown;
  if (isCanceled) return new FlowsteadError("Canceled", "The work was canceled.", { cause: thrown });
  const { code = "", message } = thrown as { code?: string; message: string };
  return BEFORE_SENDING.test(code)
    ? new FlowsteadError("InstanceUnavailable", `${peer} cannot be reached: ${message || code}`, { cause: thrown })
    : new FlowsteadError("InstanceLost", `${peer} was lost: ${message || code}`, { cause: thrown });
}

/** An answer of 400 and above. */
export function scoringFailure({ status, headers, text }: FailedAnswer, peer: string): FlowsteadError {
  const said = messageIn(text) ?? text.slice(0, 200);
  const message = `${peer} answered ${status}${said === "" ? "." : `: ${said}`}`;
  const retryAfterMs = waitIn(headers);
  // A managed endpoint's own failures; none of them has reached the flow.
  if (status === 429) return new FlowsteadError("TooManyRequests", message, { retryAfterMs });
  if ([401, 403, 404, 503].includes(status))
    return new FlowsteadError("InstanceUnavailable", message, { retryAfterMs });
  if (status === 408 || status === 504) return new FlowsteadError("RequestTimeout", message);
  if (status === 424) {
    const original = Number(headers["ms-azureml-model-error-statuscode"]);
    const own = Number.isInteger(original) && original >= 400 && original < 600 ? original : 424;
    return new FlowsteadError("RemoteFlowFailed", said === "" ? message : said, { status: own });
  }
  if (status >= 500) return new FlowsteadError("InstanceLost", message);
  return new FlowsteadError("RemoteFlowFailed", message, { status });
}

function messageIn(text: string): string | undefined {
  try {
    const { error, message } = JSON.parse(text) as { error?: { message?: unknown }; message?: unknown };
    const said = error?.message ?? message;
    return typeof said === "string" ? said : undefined;
  } catch {
    return undefined;
  }
}

/** `retry-after-ms`, else `Retry-After` in seconds or as a date. */
function waitIn(headers: FailedAnswer["headers"]): number | undefined {
  const ms = Number(headers["retry-after-ms"]);
  if (headers["retry-after-ms"] !== undefined && ms > 0) return ms;
  const text = headers["retry-after"];
  if (typeof text !== "string") return undefined;
  const wait = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return wait > 0 ? wait : undefined;
}
