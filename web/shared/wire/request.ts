// One request to our own server. Every failure becomes an ApiError with words fit for a reader.

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

/** What can be said to a reader of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export interface RequestOptions {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  body?: unknown;
  signal?: AbortSignal;
  accept?: string;
}

/** Sends the request and hands back a response whose status is 2xx; anything else throws ApiError (status 0: no answer at all). */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const method = options.method ?? "GET";
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: options.signal ?? null,
      headers: {
        accept: options.accept ?? "application/json",
        ...(method === "GET" ? {} : { "content-type": "application/json" }),
      },
      body: method === "GET" ? null : JSON.stringify(options.body ?? {}),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, "unreachable", "The server cannot be reached. Check the connection, then try again.");
  }
  if (response.ok) return response;
  throw await errorOf(response);
}

export async function requestJson<T>(path: string, options?: RequestOptions): Promise<T> {
  const response = await request(path, options);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  try {
    const body = JSON.parse(text) as { error?: { code?: unknown; message?: unknown } };
    const { code, message } = body.error ?? {};
    if (typeof message === "string")
      return new ApiError(response.status, typeof code === "string" ? code : String(response.status), message);
  } catch {
    // Not ours: a proxy's page, most likely. Its HTML helps nobody here.
  }
  return new ApiError(response.status, String(response.status), `The server answered with status ${response.status}.`);
}
