// Calls to an OpenSearch cluster: its errors are told in its words, without the password.

import { FlowsteadError } from "../../../base/error/error.ts";
import { type HttpAnswer, type HttpRequest, httpService } from "../../../network/http-service.ts";

export interface ClusterOptions {
  /** Such as `https://search.internal:9200`. */
  url: string;
  username?: string | undefined;
  password?: string | undefined;
  ca?: string | undefined;
  /** Indexes are named with this before their own name. */
  prefix?: string | undefined;
}

export type Json = Record<string, unknown>;

export interface ClusterClient {
  /** @returns undefined for a 404 where `mayBeAbsent`. @throws what the cluster said. */
  json(request: HttpRequest & { mayBeAbsent?: boolean }): Promise<Json | undefined>;
  close(): Promise<void>;
}

const PEER = "OpenSearch";

export function clusterClient({ url, username, password, ca }: ClusterOptions): ClusterClient {
  const secret = Buffer.from(`${username ?? ""}:${password ?? ""}`, "utf8").toString("base64");
  const proof: Record<string, string> = username === undefined ? {} : { authorization: `Basic ${secret}` };
  const service = httpService({ url, peer: PEER, failure: "SearchFailed", ca, authorize: () => proof });
  return {
    async json({ mayBeAbsent = false, ...request }) {
      const answer = await service.call(request);
      if (answer.status === 404 && mayBeAbsent) return undefined;
      if (answer.status >= 400) throw failure(answer);
      try {
        return JSON.parse(answer.text) as Json;
      } catch (cause) {
        throw new FlowsteadError("SearchFailed", `${PEER} answered something that is not JSON.`, { cause });
      }
    },
    close: () => service.close(),
  };
}

interface Cause {
  type?: string;
  reason?: string;
  root_cause?: Cause[];
}

function failure({ status, text }: HttpAnswer): FlowsteadError {
  let said = text.slice(0, 300);
  let type = "";
  try {
    const { error } = JSON.parse(text) as { error?: Cause | string };
    if (typeof error === "string") said = error;
    else if (error) [said, type] = [error.root_cause?.[0]?.reason ?? error.reason ?? said, error.type ?? ""];
  } catch {
    // Told as it came.
  }
  const details = { upstreamStatus: status };
  const words = `${PEER} answered ${status}: ${said}`;
  if (status === 401 || status === 403)
    return new FlowsteadError("SearchFailed", `${words} Check \`search.username\` and \`search.password\`.`, {
      details,
    });
  if (status === 404 || type === "index_not_found_exception")
    return new FlowsteadError("IndexNotFound", words, { details });
  if (type === "resource_already_exists_exception") return new FlowsteadError("IndexExists", words, { details });
  if (status === 400) return new FlowsteadError("InvalidRequest", words, { details });
  return new FlowsteadError("SearchFailed", words, { details, retryable: status === 429 || status >= 500 });
}
