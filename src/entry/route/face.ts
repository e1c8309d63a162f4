// `/endpoints/{name}/agui`, `/chat` and `/chat/stream`: a deployed chat flow for clients of other protocols.

import { type ErrorBody, FlowsteadError } from "../../base/error/error.ts";
import { parseJson, plain } from "../../base/json.ts";
import type { Routed } from "../../endpoint/endpoint.ts";
import { clientSignal, readBody, responseSink, sendJson } from "../../endpoint/exchange.ts";
import { agUiEncoder, agUiRequest } from "../../endpoint/face/ag-ui.ts";
import { chatLineEncoder, chatObjectEncoder, chatRequest } from "../../endpoint/face/chat-protocol.ts";
import { type FaceEncoder, conversationInputs, faceError, parseWith } from "../../endpoint/face/face.ts";
import type { ValueMap } from "../../base/value.ts";
import { retryHeaders } from "../../endpoint/score.ts";
import { traceOf } from "../../endpoint/caller.ts";
import type { FlowSignature } from "../../flow/target.ts";
import type { Hot, HotContext, HotRoute } from "../hot.ts";
import { recordTraffic } from "../traffic.ts";

type Open = (body: unknown, signature: FlowSignature) => { inputs: ValueMap; encoder: FaceEncoder };

const FACES: Readonly<Record<string, Open>> = {
  agui: (body, signature) => {
    const request = parseWith(agUiRequest, body);
    const { inputs, flow } = conversationInputs(signature, request.messages);
    return { inputs, encoder: agUiEncoder(request, flow) };
  },
  chat: (body, signature) => {
    const request = parseWith(chatRequest, body);
    const { inputs, flow } = conversationInputs(signature, request.messages);
    return { inputs, encoder: chatObjectEncoder(flow, request.session_state ?? request.sessionState) };
  },
  "chat/stream": (body, signature) => {
    const request = parseWith(chatRequest, body);
    const { inputs, flow } = conversationInputs(signature, request.messages);
    return { inputs, encoder: chatLineEncoder(flow, request.session_state ?? request.sessionState) };
  },
};

export const faceRoute: HotRoute = (hot, context) => {
  const match = /^\/endpoints\/([^/]+)\/(agui|chat|chat\/stream)$/.exec(hot.path);
  const [, name = "", face = ""] = match ?? [];
  const open = FACES[face];
  if (!open || hot.request.method !== "POST") return undefined;
  recordTraffic(hot, context, { endpoint: name });
  return answer(hot, context, { name, open });
};

async function answer(hot: Hot, context: HotContext, { name, open }: { name: string; open: Open }): Promise<void> {
  const { request, response } = hot;
  const headers: Record<string, string> = { ...hot.ids };
  try {
    const endpoint = context.endpoints.get(name);
    // An unknown name and a wrong key look the same, so that names cannot be found out.
    const principal = await endpoint?.keys.principalOf(request.headers.authorization);
    if (!endpoint || principal === undefined) {
      const text = `The key for endpoint "${name}" is missing or wrong. Send it as "Authorization: Bearer <key>".`;
      throw new FlowsteadError("Unauthorized", text);
    }
    const pin = request.headers["azureml-model-deployment"];
    const deployment = endpoint.route(typeof pin === "string" ? pin : undefined);
    headers["azureml-model-deployment"] = deployment.name;
    const body = plain(parseJson(await readBody(request, context.bodyLimit)));
    await run(hot, { ...open(body, await deployment.describe()), deployment, headers, principal });
  } catch (thrown) {
    const error = FlowsteadError.from(thrown);
    if (error.code === "Unexpected") hot.log.error({ err: thrown }, "face failed");
    sendFailure(response, error.toBody(), headers);
  }
}

/** After the head has left, only the connection can be closed. */
function sendFailure(response: Hot["response"], error: ErrorBody, headers: Readonly<Record<string, string>>): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { retryAfterMs } = error;
  const retry: Record<string, string> = retryAfterMs === undefined ? {} : retryHeaders(retryAfterMs);
  // Of a caller that left, the traffic log keeps the original's status.
  sendJson(response, error.status === 499 ? 408 : error.status, faceError(error), { ...headers, ...retry });
}

interface Run {
  inputs: ValueMap;
  encoder: FaceEncoder;
  deployment: Routed;
  headers: Record<string, string>;
  principal: string;
}

async function run(
  { request, response, requestId }: Hot,
  { inputs, encoder, deployment, headers, principal }: Run,
): Promise<void> {
  const call = { inputs, runId: requestId, requestId, principal, ...traceOf(request.headers) };
  const sink = responseSink(response, {
    ...headers,
    "content-type": encoder.contentType,
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
  let started = false;
  for await (const event of deployment.invoke(call, clientSignal(response))) {
    // Until the first byte, a failure has a status of its own.
    if (event.type === "error" && !started) throw FlowsteadError.fromBody(event.error);
    const text = encoder.encode(event);
    if (text === "") continue;
    if (!started) sink.head(200, {});
    started = true;
    await sink.write(text);
  }
  if (!started) sink.head(200, {});
  sink.end();
}
