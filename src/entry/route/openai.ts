// `/v1/models` and `/v1/chat/completions`: every endpoint and every deployment is a model.

import { z } from "zod";
import type { ErrorBody } from "../../base/error/error.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import { parseJson, plain } from "../../base/json.ts";
import { sseData } from "../../base/sse.ts";
import type { OnlineEndpoint } from "../../endpoint/endpoint.ts";
import { traceOf } from "../../endpoint/caller.ts";
import { clientSignal, readBody, responseSink, sendJson } from "../../endpoint/exchange.ts";
import {
  CompletionEncoder,
  type CompletionRequest,
  completionError,
  completionInputs,
  completionRequest,
} from "../../endpoint/openai-face.ts";
import type { ScoreSink } from "../../endpoint/score.ts";
import type { FlowEvent } from "../../flow/event.ts";
import type { Hot, HotContext, HotRoute } from "../hot.ts";
import { type TrafficTarget, recordTraffic } from "../traffic.ts";

export const openAiRoute: HotRoute = (hot, context) => {
  if (!hot.path.startsWith("/v1/")) return undefined;
  return answer(hot, context);
};

async function answer(hot: Hot, context: HotContext): Promise<void> {
  const headers: Record<string, string> = { ...hot.ids };
  // Which endpoint is called stands in the body.
  const target: TrafficTarget = {};
  recordTraffic(hot, context, target);
  try {
    const open = await openEndpoints(hot, context);
    if (open.length === 0) {
      throw new FlowsteadError(
        "Unauthorized",
        'The API key is missing or wrong. Use a key of the gateway or of an endpoint: "flowstead gateway get-credentials" prints the one, "flowstead online-endpoint get-credentials" the other.',
      );
    }
    if (hot.request.method === "GET" && hot.path === "/v1/models")
      return sendJson(hot.response, 200, listModels(open), headers);
    if (hot.request.method === "POST" && hot.path === "/v1/chat/completions")
      return await complete(hot, context, { open, headers, target });
    throw new FlowsteadError(
      "NotFound",
      `There is no ${hot.request.method} ${hot.path}. There are GET /v1/models and POST /v1/chat/completions.`,
    );
  } catch (thrown) {
    const error = FlowsteadError.from(thrown);
    if (error.code === "Unexpected") hot.log.error({ err: thrown }, "completion failed");
    sendFailure(hot, error.toBody(), headers);
  }
}

/** Those that the caller's key or token opens. */
async function openEndpoints({ request }: Hot, { endpoints }: HotContext): Promise<Open[]> {
  const all = [...endpoints.values()];
  const checks = all.map(async ({ keys }) => keys.principalOf(request.headers.authorization));
  const settled = await Promise.allSettled(checks);
  return all.flatMap((endpoint, index) => {
    const result = settled[index];
    const principal = result?.status === "fulfilled" ? result.value : undefined;
    return principal === undefined ? [] : [{ endpoint, principal }];
  });
}

interface Open {
  endpoint: OnlineEndpoint;
  principal: string;
}

function listModels(open: readonly Open[]): object {
  const ids = open.flatMap(({ endpoint: { name, deployments } }) => [
    name,
    ...[...deployments.keys()].map((deployment) => `${name}/${deployment}`),
  ]);
  return { object: "list", data: ids.map((id) => ({ id, object: "model", created: 0, owned_by: "flowstead" })) };
}

interface Completion {
  open: readonly Open[];
  headers: Record<string, string>;
  target: TrafficTarget;
}

async function complete(hot: Hot, context: HotContext, { open, headers, target }: Completion): Promise<void> {
  const request = parseRequest(await readBody(hot.request, context.bodyLimit));
  const [name = "", deploymentName] = request.model.split("/", 2);
  const opened = open.find((candidate) => candidate.endpoint.name === name);
  if (!opened)
    throw new FlowsteadError(
      "NotFound",
      `The model "${request.model}" does not exist. GET /v1/models lists those that do.`,
    );
  const { endpoint, principal } = opened;
  target.endpoint = endpoint.name;
  const deployment = endpoint.route(deploymentName);
  headers["azureml-model-deployment"] = deployment.name;
  const { inputs, flow } = completionInputs(await deployment.describe(), request);
  const signal = clientSignal(hot.response);
  const trace = traceOf(hot.request.headers);
  const call = {
    inputs,
    runId: hot.requestId,
    requestId: hot.requestId,
    brief: true,
    whole: !request.stream,
    principal,
    ...trace,
  };
  const events = deployment.invoke(call, signal);
  const identity = { id: `chatcmpl-${hot.requestId}`, created: Math.floor(Date.now() / 1000), model: request.model };
  const encoder = new CompletionEncoder(identity, flow);
  if (request.stream) return stream(hot, events, { encoder, request, headers });
  for await (const event of events) encoder.chunk(event);
  if (encoder.error) return sendFailure(hot, encoder.error, headers);
  sendJson(hot.response, 200, encoder.completion(), headers);
}

function parseRequest(body: string): CompletionRequest {
  const parsed = completionRequest.safeParse(plain(parseJson(body)));
  if (!parsed.success) throw new FlowsteadError("InvalidRequest", z.prettifyError(parsed.error));
  return parsed.data;
}

async function stream(
  hot: Hot,
  events: AsyncIterable<FlowEvent>,
  {
    encoder,
    request,
    headers,
  }: { encoder: CompletionEncoder; request: CompletionRequest; headers: Record<string, string> },
): Promise<void> {
  const sink = responseSink(hot.response, headers);
  let started = false;
  const write = async (chunk: object): Promise<void> => {
    if (!started) {
      started = true;
      startStream(sink);
      await sink.write(sseData(JSON.stringify(encoder.first())));
    }
    await sink.write(sseData(JSON.stringify(chunk)));
  };
  for await (const event of events) {
    const chunk = encoder.chunk(event);
    if (chunk) await write(chunk);
  }
  // Until the first byte, a failure has a status of its own; afterwards it is a chunk that clients raise as an error.
  if (encoder.error && !started) return sendFailure(hot, encoder.error, headers);
  if (encoder.error) await sink.write(sseData(JSON.stringify(completionError(encoder.error))));
  else {
    await write(encoder.last());
    if (request.stream_options?.include_usage) await write(encoder.usageChunk());
    await sink.write("data: [DONE]\n\n");
  }
  sink.end();
}

function startStream(sink: ScoreSink): void {
  sink.head(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
}

function sendFailure(hot: Hot, error: ErrorBody, headers: Record<string, string>): void {
  if (hot.response.headersSent) {
    hot.response.destroy();
    return;
  }
  const retry: Record<string, string> =
    error.retryAfterMs === undefined ? {} : { "retry-after-ms": String(Math.ceil(error.retryAfterMs)) };
  // The pool below has made its own retries; the client's would multiply them.
  if (error.status !== 429) retry["x-should-retry"] = "false";
  const status = error.status === 499 ? 408 : error.status;
  sendJson(hot.response, status, completionError(error), { ...headers, ...retry });
}
