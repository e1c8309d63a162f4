// A served flow, over real HTTP.

import type { AddressInfo } from "node:net";
import path from "node:path";
import { request } from "undici";
import { SILENT } from "../../../src/base/log.ts";
import { parseJson, stringifyJson } from "../../../src/base/json.ts";
import { type Value, type ValueMap, isMap } from "../../../src/base/value.ts";
import { flowServer } from "../../../src/endpoint/flow-server.ts";
import type { KindContext, Kinds } from "../case.ts";
import { expectEqual, expectTrue } from "../compare.ts";
import { openCase } from "../flow-run.ts";

/** The version that the original had when the cases were observed. */
const VERSION = "1.18.0";

interface Answer {
  status: number;
  contentType: string;
  text: string;
}

export const SERVE_KINDS: Kinds = {
  async serve({ flow, inputs, expect, observed }, context) {
    const answers = await ask(path.join(context.upstream, flow ?? ""), inputs, context);
    const wanted = (observed?.["responses"] ?? expect["responses"] ?? []) as ValueMap[];
    expectTrue(wanted.length > 0, "the case has no responses");
    wanted.forEach((response, index) => judge(answers[index] as Answer, response, `response ${index}`));
  },
};

async function ask(directory: string, inputs: ValueMap, context: KindContext): Promise<Answer[]> {
  const target = await openCase(directory, context, {
    streaming: true,
    ready: true,
    environmentVariables: (inputs["env"] ?? {}) as Record<string, string>,
  });
  const server = flowServer(target, { log: SILENT, version: VERSION });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const answers: Answer[] = [];
    for (const one of inputs["requests"] as ValueMap[]) answers.push(await send(origin, one));
    return answers;
  } finally {
    server.close();
    server.closeAllConnections();
    await target.close();
  }
}

async function send(origin: string, { path: place, method, json, data, body, headers }: ValueMap): Promise<Answer> {
  const payload = json === undefined ? ((data ?? body) as string | undefined) : stringifyJson(json);
  const given = (headers ?? {}) as Record<string, string>;
  const response = await request(origin + (place as string), {
    method: (method ?? "POST") as "GET" | "POST",
    headers: json === undefined ? given : { "content-type": "application/json", ...given },
    ...(payload === undefined ? {} : { body: payload }),
  });
  const contentType = String(response.headers["content-type"] ?? "");
  return { status: response.statusCode, contentType, text: await response.body.text() };
}

function judge({ status, contentType, text }: Answer, wanted: ValueMap, what: string): void {
  expectEqual(status, wanted["status"], `${what} status (${text.slice(0, 300)})`);
  expectEqual(contentType, wanted["content_type"], `${what} content type`);
  const body = wanted["body"] ?? null;
  if (contentType === "application/json") expectEqual(parseJson(text), body, `${what} body`);
  else if (contentType.startsWith("text/event-stream"))
    expectEqual(frames(text), frames(body as string), `${what} body`);
  else if (isMap(body) || typeof body === "string") expectEqual(text, body, `${what} body`);
}

/** The JSON of each frame; blanks inside it are the encoder's business. */
function frames(text: string): Value[] {
  return text
    .split("\n\n")
    .filter((frame) => frame !== "")
    .map((frame) => parseJson(frame.replace(/^data: /, "")));
}
