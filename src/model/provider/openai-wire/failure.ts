// What an HTTP status, an error body or a broken connection means, in the project's error codes.

import { type ErrorCode, FlowsteadError } from "../../../base/error/error.ts";
import { type Headers, retryAfterMs } from "../../../network/retry-after.ts";

/** Who is spoken to, for messages that tell where to look. */
export interface Upstream {
  /** Such as `api.example.com:443`. */
  host: string;
  /** Without key or query. */
  url: string;
  /** Where its key is set, such as `OPENAI_API_KEY`. */
  keySource: string;
  /** Masked wherever the upstream repeats it. */
  secret: string | undefined;
}

interface UpstreamError {
  message: string;
  code: string;
  type: string;
  filter: unknown;
}

/** An answer that is not 2xx. */
export function statusFailure(
  upstream: Upstream,
  status: number,
  { headers, body, model }: { headers: Headers; body: string; model?: string },
): FlowsteadError {
  const said = readError(body, upstream);
  const code = codeFor(status, said);
  const wait = retryAfterMs(headers);
  const words = said.message === "" ? "" : ` It says: "${said.message}"`;
  const shouldRetry = headers["x-should-retry"];
  return new FlowsteadError(code, `${sentence(code, status, upstream, model)}${words}`, {
    details: {
      upstreamStatus: status,
      ...(said.code === "" ? {} : { upstreamCode: said.code }),
      ...(said.filter === undefined ? {} : { filter: said.filter }),
      ...(body === "" ? {} : { upstreamBody: mask(body, upstream.secret, LONGEST_BODY) }),
    },
    retryAfterMs: code === "ModelRateLimited" || status === 503 || status === 529 ? wait : undefined,
    retryable: shouldRetry === "false" ? false : undefined,
  });
}

/** An `error` object inside a stream that began well. */
export function chunkFailure(upstream: Upstream, chunk: { error?: unknown }): FlowsteadError {
  const said = readError(JSON.stringify(chunk), upstream);
  const status = /^[45]\d\d$/.test(said.code) ? Number(said.code) : (STATUSES[said.type] ?? 500);
  const code = codeFor(status, said);
  return new FlowsteadError(code, `${upstream.host} broke off its answer. It says: "${said.message}"`, {
    details: { upstreamCode: said.code, ...(said.filter === undefined ? {} : { filter: said.filter }) },
  });
}

/** Of errors that come where no status can, by the words of the servers that name none. */
const STATUSES: Record<string, number> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
};

/** A connection that could not be made or broke. */
export function connectionFailure(upstream: Upstream, thrown: Error, hasBegun: boolean): FlowsteadError {
  const code = (thrown as { code?: unknown }).code;
  const name = typeof code === "string" ? code : "";
  const options = { cause: thrown, details: { upstreamCode: name || thrown.name } };
  const reason =
    REASONS[name] ?? (/CERT|TLS|SSL|SIGNATURE/.test(name) ? `its TLS certificate is not trusted (${name})` : undefined);
  if (reason && !hasBegun) {
    return new FlowsteadError(
      "ModelUnreachable",
      `The model's server at ${upstream.host} cannot be reached: ${reason}. Check the address ${upstream.url} and that the server runs.`,
      options,
    );
  }
  const when = hasBegun ? "in the middle of its answer" : "before its answer";
  return new FlowsteadError(
    "ModelConnectionLost",
    `${upstream.host} closed the connection ${when} (${name || thrown.message}).`,
    options,
  );
}

export function badAnswer(upstream: Upstream, what: string, cause?: unknown): FlowsteadError {
  return new FlowsteadError(
    "ModelBadAnswer",
    `${upstream.url} answered with ${what}. Check that this is the base URL of an OpenAI-compatible API; for most servers it ends in /v1.`,
    cause === undefined ? {} : { cause },
  );
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name cannot be looked up now",
  EHOSTUNREACH: "there is no route to the host",
  ENETUNREACH: "there is no route to the network",
  ETIMEDOUT: "the connection attempt timed out",
  ERR_CONNECT_TIMEOUT: "the connection attempt timed out",
  UND_ERR_CONNECT_TIMEOUT: "the connection attempt timed out",
  EPROTO: "it does not speak TLS; try http instead of https",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS; try http instead of https",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS; try http instead of https",
  EACCES: "this process may not connect to it",
};

function codeFor(status: number, { code, type, message, filter }: UpstreamError): ErrorCode {
  const isFilter = code === "content_filter" || code === "ResponsibleAIPolicyViolation";
  if (status === 400 && (isFilter || filter !== undefined)) return "ModelContentFiltered";
  if (
    code === "context_length_exceeded" ||
    status === 413 ||
    /maximum context length|prompt is too long/i.test(message)
  ) {
    return "ModelInputTooLong";
  }
  if (status === 401 || status === 403) return "ModelUnauthorized";
  if (status === 404) return "ModelNotFound";
  if (status === 402 || /credit balance is too low/i.test(message)) return "ModelQuotaExhausted";
  if (status === 429) {
    return code === "insufficient_quota" || type === "insufficient_quota" ? "ModelQuotaExhausted" : "ModelRateLimited";
  }
  if (status === 408) return "ModelTimeout";
  return status === 409 || status >= 500 ? "ModelFailed" : "ModelRejected";
}

function sentence(code: ErrorCode, status: number, upstream: Upstream, model: string | undefined): string {
  switch (code) {
    case "ModelUnauthorized":
      return `${upstream.host} refused the key (${status}). Check ${upstream.keySource}.`;
    case "ModelNotFound":
      return model === undefined
        ? `${upstream.url} does not exist (404). Check the base URL.`
        : `${upstream.host} has no model "${model}" (404). Check the model or deployment name and the address ${upstream.url}.`;
    case "ModelRateLimited":
      return `${upstream.host} takes no more calls for now (429).`;
    case "ModelQuotaExhausted":
      return `The account at ${upstream.host} has used up its quota (${status}).`;
    case "ModelContentFiltered":
      return `The content filter of ${upstream.host} stopped the prompt.`;
    case "ModelInputTooLong":
      return `The messages are too long for the model${model === undefined ? "" : ` "${model}"`}.`;
    case "ModelRejected":
      return `${upstream.host} refused the request (${status}).`;
    default:
      return `${upstream.host} failed (${status}).`;
  }
}

/** OpenAI's `{error: {message, code, type}}`, Azure's with `innererror`, FastAPI's `{detail}`, Ollama's `{error: "..."}`. */
function readError(body: string, { secret }: Upstream): UpstreamError {
  let parsed: Record<string, unknown> = {};
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null) parsed = value as Record<string, unknown>;
  } catch {
    // Not JSON: a proxy's page or plain text. Its status says enough.
  }
  const error = (typeof parsed.error === "object" && parsed.error !== null ? parsed.error : parsed) as Record<
    string,
    unknown
  >;
  const inner = (error.innererror ?? error.inner_error) as Record<string, unknown> | undefined;
  const message = [error.message, parsed.error, parsed.detail, parsed.message].find(
    (text): text is string => typeof text === "string",
  );
  return {
    message: mask(message ?? "", secret),
    code: text(error.code) || text(inner?.code),
    type: text(error.type),
    filter: inner?.content_filter_result ?? inner?.content_filter_results,
  };
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** Of what a server sent, so that a page of its proxy does not fill the records. */
const LONGEST_BODY = 4000;

function mask(text: string, secret: string | undefined, longest = 600): string {
  const masked = secret ? text.replaceAll(secret, "******") : text;
  return masked.replace(/\bsk-[\w*-]{4,}/g, "******").slice(0, longest);
}
