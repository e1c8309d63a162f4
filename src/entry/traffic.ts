// The line of the traffic log that a call to an endpoint leaves, taken from the connection itself: whatever answers, and
// however it ends, the line is there.

import { STATUS_CODES } from "node:http";
import { clientIdOf } from "../endpoint/caller.ts";
import type { ServedResponse } from "../network/served-exchange.ts";
import type { Hot, HotContext } from "./hot.ts";

interface Head {
  status: number;
  headers: Record<string, unknown>;
  at: number;
}

/** What a call turns out to be for; a call for no endpoint leaves no line. */
export interface TrafficTarget {
  endpoint?: string;
}

/** Writes the line once the answer has been sent, or the caller has gone. */
export function recordTraffic(
  { request, response, path, requestId }: Hot,
  { endpoints, journal }: Pick<HotContext, "endpoints" | "journal">,
  target: TrafficTarget,
): void {
  if (!journal) return;
  const startedAt = performance.now();
  const { socket, headers } = request;
  const [readBefore, writtenBefore] = [socket.bytesRead, socket.bytesWritten];
  let readAt = startedAt;
  if (!("whole" in request)) request.once("end", () => (readAt = performance.now()));
  const head = watchHead(response);
  response.once("close", () => {
    const { endpoint = "" } = target;
    // Names that nobody has given would be names of files.
    if (!endpoints.has(endpoint)) return;
    const { status = 499, headers: sent = {}, at = performance.now() } = head() ?? {};
    const modelStatus = Number(sent["ms-azureml-model-error-statuscode"] ?? Number.NaN);
    const clientId = clientIdOf(headers);
    journal.traffic({
      Method: request.method ?? "",
      Path: path,
      EndpointName: endpoint,
      DeploymentName: textOf(sent["azureml-model-deployment"]),
      Protocol: `HTTP/${request.httpVersion}`,
      ResponseCode: status,
      ResponseCodeReason: STATUS_CODES[status] ?? "Client Closed Request",
      ...(Number.isInteger(modelStatus)
        ? { ModelStatusCode: modelStatus, ModelStatusReason: textOf(sent["ms-azureml-model-error-reason"]) }
        : {}),
      RequestPayloadSize: Number(headers["content-length"] ?? Math.max(0, socket.bytesRead - readBefore)),
      ResponsePayloadSize: Number(sent["content-length"] ?? Math.max(0, socket.bytesWritten - writtenBefore)),
      UserAgent: headers["user-agent"] ?? "",
      XRequestId: requestId,
      ...(clientId === undefined ? {} : { XMSClientRequestId: clientId }),
      TotalDurationMs: Math.round(performance.now() - startedAt),
      RequestDurationMs: Math.round(readAt - startedAt),
      ResponseDurationMs: Math.round(at - startedAt),
      RequestThrottlingDelayMs: 0,
      ResponseThrottlingDelayMs: 0,
    });
  });
}

/** Headers that are given to `writeHead` can not be asked for afterwards. */
function watchHead(response: ServedResponse): () => Head | undefined {
  let head: Head | undefined;
  const write = response.writeHead.bind(response) as (...args: unknown[]) => ServedResponse;
  const before = (): object => ("getHeaders" in response ? response.getHeaders() : {});
  response.writeHead = ((status: number, ...rest: unknown[]) => {
    const last = rest.at(-1);
    const headers = typeof last === "object" && last !== null && !Array.isArray(last) ? last : {};
    head = { status, headers: { ...before(), ...headers }, at: performance.now() };
    return write(status, ...rest);
  }) as typeof response.writeHead;
  return () => head;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
