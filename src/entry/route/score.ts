// `/endpoints/{name}/...`: what the original's scoring URI answers, with its headers and statuses.

import { FlowsteadError } from "../../base/error/error.ts";
import type { OnlineEndpoint } from "../../endpoint/endpoint.ts";
import { traceOf } from "../../endpoint/caller.ts";
import { clientSignal, responseSink, sendJson } from "../../endpoint/exchange.ts";
import { readScoreCall } from "../../endpoint/score-call.ts";
import { watchScore } from "../../endpoint/score-metric.ts";
import { writeError, writeScore } from "../../endpoint/score.ts";
import { swagger } from "../../flow/swagger.ts";
import { recordTraffic } from "../traffic.ts";
import type { Hot, HotContext, HotRoute } from "../hot.ts";

const PREFIX = "/endpoints/";

export const scoreRoute: HotRoute = (hot, context) => {
  if (!hot.path.startsWith(PREFIX)) return undefined;
  const [name = "", ...rest] = hot.path.slice(PREFIX.length).split("/");
  const endpoint = decoded(name);
  recordTraffic(hot, context, { endpoint });
  return answer(hot, context, { name: endpoint, action: rest.join("/") });
};

/** A name with a broken escape is the name of nothing. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

async function answer(
  hot: Hot,
  context: HotContext,
  { name, action }: { name: string; action: string },
): Promise<void> {
  const { request, response } = hot;
  const headers: Record<string, string> = { ...hot.ids };
  const endpoint = context.endpoints.get(name);
  try {
    // An unknown name and a wrong key look the same, so that names cannot be found out.
    const holder = endpoint?.keys.principalOf(request.headers.authorization);
    const principal = typeof holder === "object" ? await holder : holder;
    if (!endpoint || principal === undefined) {
      throw new FlowsteadError(
        "Unauthorized",
        `The key for endpoint "${name}" is missing or wrong. Send it as "Authorization: Bearer <key>".`,
      );
    }
    const method = request.method === "HEAD" ? "GET" : request.method;
    switch (`${method} ${action}`) {
      case "POST score":
        return await score(hot, { endpoint, context, headers, principal });
      case "GET swagger.json":
        return sendJson(response, 200, swagger(await endpoint.describe()), headers);
      case "GET health":
      case "GET ":
        return sendJson(response, 200, { status: "Healthy", version: context.version }, headers);
      case "GET version":
        return sendJson(response, 200, { build_info: "", status: "Healthy", version: context.version }, headers);
      default:
        throw new FlowsteadError("NotFound", `There is no ${request.method} ${hot.path}.`);
    }
  } catch (thrown) {
    const error = FlowsteadError.from(thrown);
    if (error.code === "Unexpected") hot.log.error({ err: thrown }, "score failed");
    if (response.headersSent) response.destroy();
    else writeError(error.toBody(), responseSink(response, headers), !endpoint?.passthrough);
  }
}

interface Scoring {
  endpoint: OnlineEndpoint;
  context: HotContext;
  headers: Record<string, string>;
  principal: string;
}

async function score(hot: Hot, { endpoint, context, headers, principal }: Scoring): Promise<void> {
  const { request, response, requestId } = hot;
  const startedAt = performance.now();
  const pin = request.headers["azureml-model-deployment"];
  const deployment = endpoint.route(typeof pin === "string" ? pin : undefined);
  headers["azureml-model-deployment"] = deployment.name;
  const signature = await deployment.describe();
  const { inputs, format } = await readScoreCall(request, signature, context);
  const call = {
    inputs,
    runId: requestId,
    requestId,
    brief: true,
    quiet: true,
    whole: format === "json",
    unannounced: format !== "json",
    ...traceOf(request.headers),
    principal,
    atMostOnce: true,
  };
  const events = deployment.invoke(call, clientSignal(response));
  const watch = watchScore(responseSink(response, headers), { meter: context.meter, flow: signature, format });
  const failed = await writeScore(events, watch.sink, {
    format,
    accept: request.headers.accept,
    signature,
    managed: !endpoint.passthrough,
  });
  watch.done(failed);
  hot.note(
    {
      endpoint: endpoint.name,
      deployment: deployment.name,
      status: failed?.code === "Canceled" ? failed.status : response.statusCode,
      durationMs: Math.round(performance.now() - startedAt),
      ...(failed ? { code: failed.code, problem: failed.message } : {}),
    },
    "score",
  );
}
