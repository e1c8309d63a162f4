// The few calls of a Kubernetes API server that a deployment needs: apply, read, delete, and watch.

import { readFileSync } from "node:fs";
import { Pool } from "undici";
import { FlowsteadError } from "../../base/error/error.ts";

export interface ClusterAddress {
  url: string;
  namespace: string;
  /** Read anew for every call, since clusters replace the tokens of their pods. */
  tokenFile?: string;
  token?: string;
  /** Certificate authority of the server, PEM. */
  caFile?: string;
}

export interface ClusterObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; [key: string]: unknown };
  [key: string]: unknown;
}

export interface WatchEvent {
  type: string;
  object: { metadata?: { name?: string; resourceVersion?: string }; code?: number; message?: string };
}

export interface Cluster {
  readonly namespace: string;
  /** Server-side apply: creates the object or brings the fields that are ours to what is given. */
  apply(object: ClusterObject): Promise<unknown>;
  /** @throws FlowsteadError `NotFound`, `ClusterFailed`. */
  get(path: string): Promise<unknown>;
  /** An object that is not there is gone. */
  remove(kind: string, name: string): Promise<void>;
  /** Events until the server ends the stream. @throws FlowsteadError `ClusterFailed`; with status 410 the list must be read again. */
  watch(path: string, signal: AbortSignal): AsyncIterable<WatchEvent>;
  /** Whole lines of text until the server ends the stream. @throws FlowsteadError `ClusterFailed`. */
  lines(path: string, signal: AbortSignal): AsyncIterable<string>;
  close(): Promise<void>;
}

/** Where objects of a kind lie. */
const PLACES: Readonly<Record<string, string>> = {
  Deployment: "/apis/apps/v1/namespaces/{ns}/deployments",
  Service: "/api/v1/namespaces/{ns}/services",
  Secret: "/api/v1/namespaces/{ns}/secrets",
  PodDisruptionBudget: "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets",
  NetworkPolicy: "/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies",
};
const MANAGER = "flowstead";

export function openCluster({ url, namespace, tokenFile, token, caFile }: ClusterAddress): Cluster {
  const { origin, pathname } = new URL(url);
  const base = pathname.replace(/\/$/, "");
  const connect = { timeout: 5_000, ...(caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") }) };
  const pool = new Pool(origin, { connect, bodyTimeout: 0 });

  const place = (kind: string, name: string): string =>
    `${(PLACES[kind] ?? "").replace("{ns}", encodeURIComponent(namespace))}/${encodeURIComponent(name)}`;

  async function send(
    method: "GET" | "PATCH" | "DELETE",
    path: string,
    { body, signal }: { body?: object; signal?: AbortSignal } = {},
  ) {
    const given = tokenFile === undefined ? token : readFileSync(tokenFile, "utf8").trim();
    try {
      const answer = await pool.request({
        method,
        path: base + path,
        signal: signal ?? null,
        headers: {
          accept: "application/json",
          ...(given === undefined ? {} : { authorization: `Bearer ${given}` }),
          // JSON is YAML, and only this type means server-side apply.
          ...(body === undefined ? {} : { "content-type": "application/apply-patch+yaml" }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      if (answer.statusCode < 400) return answer;
      throw refused(answer.statusCode, await answer.body.text(), `${method} ${path.split("?", 1)[0]}`);
    } catch (thrown) {
      throw failed(thrown, signal);
    }
  }

  async function* lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const answer = await send("GET", path.replace("{ns}", encodeURIComponent(namespace)), { signal });
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        const found = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = found.pop() ?? "";
        yield* found;
      }
    } catch (thrown) {
      throw failed(thrown, signal);
    }
  }

  return {
    namespace,
    lines,
    async apply(object) {
      const path = `${place(object.kind, object.metadata.name)}?fieldManager=${MANAGER}&force=true`;
      return (await send("PATCH", path, { body: object })).body.json();
    },
    get: async (path) => (await send("GET", path.replace("{ns}", encodeURIComponent(namespace)))).body.json(),
    async remove(kind, name) {
      try {
        await (await send("DELETE", place(kind, name))).body.dump();
      } catch (thrown) {
        if (!(thrown instanceof FlowsteadError && thrown.status === 404)) throw thrown;
      }
    },
    async *watch(path, signal) {
      for await (const line of lines(path, signal)) {
        if (line.trim() !== "") yield JSON.parse(line) as WatchEvent;
      }
    },
    // Watches may go on forever, so nothing is waited for.
    close: () => pool.destroy(),
  };
}

function refused(status: number, text: string, what: string): FlowsteadError {
  let message = text.slice(0, 300);
  try {
    message = (JSON.parse(text) as { message?: string }).message ?? message;
  } catch {
    // As it came.
  }
  return new FlowsteadError("ClusterFailed", `The cluster answered ${status} to ${what}: ${message}`, { status });
}

function failed(thrown: unknown, signal: AbortSignal | undefined): FlowsteadError {
  if (thrown instanceof FlowsteadError) return thrown;
  if (signal?.aborted) return new FlowsteadError("Canceled", "The watch was ended.", { cause: thrown });
  return new FlowsteadError("ClusterFailed", `The cluster cannot be reached: ${(thrown as Error).message}`, {
    cause: thrown,
  });
}
