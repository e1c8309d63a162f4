// Calls to an Azure AI Search service: its errors are told in its words, without the key.

import { FlowsteadError } from "../../../base/error/error.ts";
import { type HttpAnswer, type HttpRequest, httpService } from "../../../network/http-service.ts";

export interface ServiceOptions {
  /** Such as `https://my-search.search.windows.net`. */
  url: string;
  apiKey?: string | undefined;
  /** An Entra token for each call, instead of a key. */
  token?: ((signal: AbortSignal) => Promise<string>) | undefined;
  ca?: string | undefined;
  apiVersion?: string | undefined;
}

export interface ServiceClient {
  /** @returns the answer as JSON; undefined for a status that is among `absent`. @throws what the service said. */
  json(request: HttpRequest, absent?: readonly number[]): Promise<unknown>;
  close(): Promise<void>;
}

const API_VERSION = "2024-07-01";
const PEER = "The Azure AI Search service";

export function serviceClient(options: ServiceOptions): ServiceClient {
  const { url, apiKey, token, ca, apiVersion = API_VERSION } = options;
  if (!apiKey && !token) {
    throw new FlowsteadError(
      "InvalidConfig",
      "The search service needs a key or an identity: set `search.api_key` or `search.auth`.",
    );
  }
  if (token && new URL(url).protocol !== "https:") {
    throw new FlowsteadError("InvalidConfig", "`search.url` must begin with https: a token is not sent in the clear.");
  }
  const service = httpService({
    url,
    peer: PEER,
    failure: "SearchFailed",
    ca,
    authorize: async (signal): Promise<Record<string, string>> =>
      token ? { authorization: `Bearer ${await tokenOf(token, signal)}` } : { "api-key": apiKey ?? "" },
  });
  return {
    async json(request, absent = []) {
      const version = `${request.path.includes("?") ? "&" : "?"}api-version=${encodeURIComponent(apiVersion)}`;
      // Who may see what is said in each filter, so the service is asked as its keeper.
      const headers = { "x-ms-enable-elevated-read": "true", ...request.headers };
      const answer = await service.call({ ...request, headers, path: request.path + version });
      if (absent.includes(answer.status)) return undefined;
      if (answer.status >= 400) throw failure(answer);
      return answer.text === "" ? undefined : parsed(answer.text);
    },
    close: () => service.close(),
  };
}

async function tokenOf(token: (signal: AbortSignal) => Promise<string>, signal: AbortSignal): Promise<string> {
  try {
    return await token(signal);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new FlowsteadError("SearchFailed", said.replaceAll("auth of the model", "`search.auth`"), { cause });
  }
}

function parsed(text: string): unknown {
  try {
    // Counts are sent with a mark of the byte order.
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (cause) {
    throw new FlowsteadError("SearchFailed", `${PEER} answered something that is not JSON.`, { cause });
  }
}

function failure({ status, text }: HttpAnswer): FlowsteadError {
  let said = text.slice(0, 300);
  try {
    said = (JSON.parse(text) as { error?: { message?: string } }).error?.message ?? said;
  } catch {
    // Told as it came.
  }
  const words = `${PEER} answered ${status}: ${said}`;
  const details = { upstreamStatus: status };
  if (status === 401 || status === 403) {
    const hint = "Check `search.api_key` or `search.auth`; writing needs an admin key.";
    return new FlowsteadError("SearchFailed", `${words} ${hint}`, { details });
  }
  if (status === 404) return new FlowsteadError("IndexNotFound", words, { details });
  if (status === 409) return new FlowsteadError("IndexExists", words, { details });
  if (status === 412) return new FlowsteadError("InvalidRequest", words, { details, status });
  if (status < 500 && status !== 429) return new FlowsteadError("InvalidRequest", words, { details });
  return new FlowsteadError("SearchFailed", words, { details, retryable: true });
}
