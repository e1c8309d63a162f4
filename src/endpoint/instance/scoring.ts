// A target behind the public contract: any server of `/score` with a key, be it an online endpoint in another region, of
// ours or of the original, or the original's own flow server in a container.

import { type Dispatcher, Pool } from "undici";
import { FlowsteadError } from "../../base/error/error.ts";
import { uuid } from "../../base/id.ts";
import { parseJson, plain, stringifyJson } from "../../base/json.ts";
import { AsyncQueue } from "../../base/queue.ts";
import { SseParser } from "../../base/sse.ts";
import type { Value, ValueMap } from "../../base/value.ts";
import { httpClient } from "../../network/http-client.ts";
import type { AnswerHandler, Exchange, HttpClient } from "../../network/http-exchange.ts";
import type { FlowEvent } from "../../flow/event.ts";
import { NO_USAGE } from "../../flow/usage.ts";
import type { FlowCall, FlowSignature } from "../../flow/target.ts";
import type { InstanceTarget } from "./instance.ts";
import { readSwagger } from "./swagger-signature.ts";
import { scoringFailure, unreachable } from "./scoring-failure.ts";

export interface ScoringAddress {
  /** Of `/score`; its siblings `/swagger.json` and the probe's route lie beside it. */
  url: string;
  key?: string;
  /** What it is called in messages. */
  peer: string;
  /** Where it answers when it is well; `/swagger.json` when absent, which also proves the key. */
  healthPath?: string;
  /** Where it answers as long as it is alive; `healthPath` when absent. */
  livenessPath?: string;
  /** A Unix socket to reach it by. */
  socketPath?: string;
}

const CONNECT_MS = 5_000;

/** @throws FlowsteadError `InvalidConfig` when the URL is none. */
export function scoringTarget(address: ScoringAddress): InstanceTarget {
  const { peer, key } = address;
  if (!URL.canParse(address.url))
    throw new FlowsteadError("InvalidConfig", `${peer} has the URL "${address.url}", which is none.`);
  const url = new URL(address.url);
  const base = url.pathname.replace(/\/score\/?$/, "").replace(/\/$/, "");
  const connect = { timeout: CONNECT_MS, ...(address.socketPath ? { socketPath: address.socketPath } : {}) };
  const calls = httpClient(url.origin, {
    connections: 16_384,
    timeoutMs: CONNECT_MS,
    socketPath: address.socketPath,
  });
  // A probe that had to wait for a free connection would take a busy server for a dead one.
  const probes = new Pool(url.origin, { connections: 1, connect });
  const others = new Pool(url.origin, { connections: 4, headersTimeout: 0, bodyTimeout: 0, connect });
  const authorization: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  let signature: FlowSignature | undefined;

  async function get(from: Pool, path: string, signal: AbortSignal | undefined): Promise<string> {
    let answer: Dispatcher.ResponseData;
    let text: string;
    try {
      answer = await from.request({ path: base + path, method: "GET", headers: authorization, signal: signal ?? null });
      text = await answer.body.text();
    } catch (thrown) {
      throw unreachable(thrown, peer, signal?.aborted ?? false);
    }
    if (answer.statusCode >= 400)
      throw scoringFailure({ status: answer.statusCode, headers: answer.headers, text }, peer);
    return text;
  }

  async function describe(signal?: AbortSignal): Promise<FlowSignature> {
    signature ??= readSwagger(plain(parseJson(await get(others, "/swagger.json", signal))));
    return signature;
  }

  async function* invoke(call: FlowCall, signal: AbortSignal): AsyncGenerator<FlowEvent> {
    const startedAt = Date.now();
    try {
      const { streamed, plainOutputs } = split(await describe(signal));
      const headers: Record<string, string> = {
        "content-type": "application/json",
        accept: "text/event-stream, application/json",
        ...authorization,
        ...(call.requestId === undefined ? {} : { "x-request-id": call.requestId }),
        ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
      };
      const outputs: ValueMap = {};
      let text = "";
      for await (const part of post({
        client: calls,
        path: `${base}/score`,
        headers,
        body: stringifyJson(call.inputs),
        signal,
        peer,
      })) {
        if (part === "taken") {
          const shape = { plain: plainOutputs, streamed: streamed === undefined ? [] : [streamed] };
          const runId = call.runId ?? uuid();
          yield { type: "flow-start", runId, flow: peer, time: startedAt, inputs: call.inputs, outputs: shape };
          continue;
        }
        for (const [name, value] of Object.entries(part)) {
          if (name === streamed && typeof value === "string") {
            text += value;
            yield { type: "text-delta", output: name, text: value };
          } else {
            outputs[name] = value;
            yield { type: "output", name, value };
          }
        }
      }
      if (streamed !== undefined && !(streamed in outputs)) outputs[streamed] = text;
      const time = Date.now();
      yield { type: "flow-end", time, durationMs: time - startedAt, outputs, usage: NO_USAGE };
    } catch (thrown) {
      yield { type: "error", time: Date.now(), error: FlowsteadError.from(thrown).toBody() };
    }
  }

  return {
    describe,
    invoke,
    health: async (signal, probe) => {
      const { healthPath = "/swagger.json", livenessPath = healthPath } = address;
      await get(probes, probe === "liveness" ? livenessPath : healthPath, signal);
    },
    close: async () => {
      await Promise.all([calls.close(), probes.close(), others.close()]);
    },
  };
}

function split({ outputs }: FlowSignature): { streamed: string | undefined; plainOutputs: string[] } {
  const streamed = outputs.find((output) => output.streamed)?.name;
  return { streamed, plainOutputs: outputs.map(({ name }) => name).filter((name) => name !== streamed) };
}

interface Post {
  client: HttpClient;
  path: string;
  headers: Record<string, string>;
  body: string;
  signal: AbortSignal;
  peer: string;
}

/** "taken" as soon as the server has not refused the request, then the fields of the answer as they come. */
async function* post(request: Post): AsyncGenerator<"taken" | ValueMap> {
  const { client, path, headers, body, signal, peer } = request;
  const answer = new Answer();
  const onAbort = (): void => answer.abort();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    client.dispatch({ path, method: "POST", headers, body }, answer);
    const sse = new SseParser();
    let text = "";
    for await (const part of answer.queue) {
      if (part === "taken") yield part;
      else if (answer.status >= 400 || !answer.isStream) text += part.toString("latin1");
      else for (const { data } of sse.push(part)) yield fields(data, peer);
    }
    text = Buffer.from(text, "latin1").toString("utf8");
    if (answer.status >= 400) throw scoringFailure({ status: answer.status, headers: answer.headers, text }, peer);
    if (!answer.isStream) yield fields(text, peer);
  } catch (thrown) {
    if (thrown instanceof FlowsteadError) throw thrown;
    throw unreachable(thrown, peer, signal.aborted);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** An object's fields, or the one value of a flow whose output has no name. @throws FlowsteadError for an error frame. */
function fields(json: string, peer: string): ValueMap {
  const value: Value = parseJson(json);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { output: value };
  const map = value as ValueMap;
  const { error } = map as { error?: { code?: unknown; message?: unknown } };
  if (Object.keys(map).length === 1 && error && typeof error.message === "string")
    throw new FlowsteadError("RemoteFlowFailed", `${peer} failed in the middle of its answer: ${error.message}`);
  return map;
}

/** Feeds the answer into a queue. */
class Answer implements AnswerHandler {
  readonly queue = new AsyncQueue<"taken" | Buffer>(() => this.abort());
  status = 0;
  headers: Record<string, string | string[] | undefined> = {};
  #controller: Exchange | undefined;
  #aborted = false;

  get isStream(): boolean {
    return String(this.headers["content-type"] ?? "").startsWith("text/event-stream");
  }

  onRequestStart(controller: Exchange): void {
    this.#controller = controller;
    if (this.#aborted) this.abort();
  }

  onResponseStart(_controller: Exchange, status: number, headers: Record<string, string | string[] | undefined>): void {
    this.status = status;
    this.headers = headers;
    if (status < 400) this.queue.push("taken");
  }

  onResponseData(_controller: Exchange, chunk: Buffer): void {
    if (chunk.length > 0) this.queue.push(chunk);
  }

  onResponseEnd(): void {
    this.queue.end();
  }

  onResponseError(_controller: Exchange, error: Error): void {
    this.queue.fail(error);
  }

  abort(): void {
    this.#aborted = true;
    this.queue.fail(new FlowsteadError("Canceled", "The work was canceled."));
    this.#controller?.abort(new Error("the reader left"));
  }
}
