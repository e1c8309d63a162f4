import { ERROR_TABLE, type ErrorActor, type ErrorCode, type ErrorRow } from "./table.ts";

export type { ErrorCode } from "./table.ts";

/** An error as it travels in events, logs and HTTP bodies: never a stack, never a secret. */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
  actor: ErrorActor;
  status: number;
  retryable: boolean;
  retryAfterMs?: number;
  /** Facts for programs: node, field, file, upstream status. */
  details?: Record<string, unknown>;
}

export interface ErrorOptions {
  cause?: unknown;
  details?: Record<string, unknown>;
  /** Overrides the table where one code has cases, as for an upstream's own status. */
  status?: number;
  retryable?: boolean;
  retryAfterMs?: number;
}

/** The only error class of the project; catch it by `code`, whose meaning stands in `table.ts`. */
export class FlowsteadError extends Error {
  override readonly name = "FlowsteadError";
  readonly code: ErrorCode;
  readonly actor: ErrorActor;
  readonly status: number;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const row: ErrorRow = ERROR_TABLE[code];
    this.code = code;
    this.actor = row.actor;
    this.status = options.status ?? row.status;
    this.retryable = options.retryable ?? row.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }

  toBody(): ErrorBody {
    const body: ErrorBody = {
      code: this.code,
      message: this.message,
      actor: this.actor,
      status: this.status,
      retryable: this.retryable,
    };
    if (this.retryAfterMs !== undefined) body.retryAfterMs = this.retryAfterMs;
    if (this.details !== undefined) body.details = this.details;
    return body;
  }

  /** The inverse of `toBody`, for an error that came over a wire; an unknown code becomes `Unexpected`. */
  static fromBody(body: ErrorBody): FlowsteadError {
    const code = Object.hasOwn(ERROR_TABLE, body.code) ? body.code : "Unexpected";
    return new FlowsteadError(code, body.message, body);
  }

  /** Any thrown thing as a FlowsteadError; what is not ours becomes `Unexpected` and keeps its cause. */
  static from(thrown: unknown): FlowsteadError {
    if (thrown instanceof FlowsteadError) return thrown;
    if (isAbort(thrown)) return new FlowsteadError("Canceled", "The work was canceled.", { cause: thrown });
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    if (isFullDisk(thrown)) {
      const told =
        (thrown as { code?: unknown }).code === "EFBIG"
          ? `A file has reached the size that this process may write (${message}). Raise that limit (ulimit -f) and do it again.`
          : `There is no room on the disk (${message}). Free some space and do it again.`;
      return new FlowsteadError("StoreFull", told, { cause: thrown });
    }
    if (isForbiddenFile(thrown)) {
      const told = `A file cannot be read or written (${message}). Give this user the right to, or name another folder.`;
      return new FlowsteadError("StoreUnavailable", told, { cause: thrown });
    }
    return new FlowsteadError("Unexpected", message, { cause: thrown });
  }
}

export function isAbort(thrown: unknown): boolean {
  return (
    thrown instanceof Error && (thrown.name === "AbortError" || (thrown as { code?: unknown }).code === "ABORT_ERR")
  );
}

/** Whether a file could not be written for want of room, or of what its user may fill. */
export function isFullDisk(thrown: unknown): boolean {
  const { code } = (thrown ?? {}) as { code?: unknown };
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
}

/** Whether this user, or the disk as it is mounted, does not let a file be read or written. */
function isForbiddenFile(thrown: unknown): boolean {
  const { code, path } = (thrown ?? {}) as { code?: unknown; path?: unknown };
  return typeof path === "string" && (code === "EROFS" || code === "EACCES" || code === "EPERM");
}
