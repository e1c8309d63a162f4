import { type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeEndpoint {
  name: string;
  address: string;
  zone?: string;
  ready?: boolean;
  terminating?: boolean;
}

interface Stored {
  metadata: { name: string; generation: number };
  spec?: { replicas?: number };
  status?: object;
}

/** The paths of a Kubernetes API server that deployments use, over real HTTP. Pods are what the test says. */
export async function fakeKubernetes(token: string) {
  const objects = new Map<string, Stored>();
  const requests: { method: string; path: string; query: URLSearchParams; type: string | undefined }[] = [];
  const watches = new Set<ServerResponse>();
  const eventWatches = new Set<ServerResponse>();
  const logs = new Map<string, string[]>();
  let version = 100;
  let oldest = 0;
  let endpoints: FakeEndpoint[] = [];
  let expected = token;
  const slice = (): object => ({
    metadata: { name: "slice-1", resourceVersion: String(version) },
    addressType: "IPv4",
    endpoints: endpoints.map(({ name, address, zone, ready = true, terminating = false }) => ({
      addresses: [address.split(":")[0]],
      conditions: { ready: ready && !terminating, serving: ready, terminating },
      zone,
      targetRef: { kind: "Pod", name },
    })),
    ports: [{ name: "http", port: Number(endpoints[0]?.address.split(":")[1] ?? 80) }],
  });
  const tell = (type: string, object: object): void => {
    for (const watch of watches) watch.write(`${JSON.stringify({ type, object })}\n`);
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://cluster");
    const json = (status: number, body: object): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      const { method = "" } = request;
      requests.push({ method, path: url.pathname, query: url.searchParams, type: request.headers["content-type"] });
      if (request.headers.authorization !== `Bearer ${expected}`) return json(401, { message: "Unauthorized" });
      if (url.pathname.endsWith("/endpointslices")) {
        if (url.searchParams.get("watch") !== "true")
          return json(200, {
            metadata: { resourceVersion: String(version) },
            items: endpoints.length > 0 ? [slice()] : [],
          });
        response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
        if (Number(url.searchParams.get("resourceVersion")) < oldest) {
          const object = { kind: "Status", code: 410, message: "too old resource version", reason: "Expired" };
          return void response.end(`${JSON.stringify({ type: "ERROR", object })}\n`);
        }
        watches.add(response);
        response.on("close", () => watches.delete(response));
        return;
      }
      const log = /\/pods\/([^/]+)\/log$/.exec(url.pathname);
      if (log) {
        const since = url.searchParams.get("sinceTime") ?? "";
        const lines = logs.get(log[1] ?? "");
        if (!lines) return json(400, { message: "the container is waiting to start" });
        // Servers know seconds only, so that what is known already comes again.
        response.writeHead(200, { "content-type": "text/plain" });
        return void response.end(
          lines
            .filter((line) => line.slice(0, 19) >= since.slice(0, 19))
            .map((line) => `${line}\n`)
            .join(""),
        );
      }
      if (url.pathname.endsWith("/events")) {
        if (url.searchParams.get("watch") !== "true")
          return json(200, { metadata: { resourceVersion: String(version) }, items: [] });
        response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
        eventWatches.add(response);
        response.on("close", () => eventWatches.delete(response));
        return;
      }
      const found = objects.get(url.pathname);
      if (method === "PATCH") {
        const generation = (found?.metadata.generation ?? 0) + 1;
        const given = JSON.parse(text) as Stored;
        const made = { ...given, metadata: { ...given.metadata, generation } };
        objects.set(url.pathname, made);
        return json(200, made);
      }
      if (method === "DELETE") objects.delete(url.pathname);
      return found ? json(200, found) : json(404, { message: "not found" });
    });
  });
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    requests,
    get watches() {
      return watches.size;
    },
    setToken: (next: string) => (expected = next),
    /** What the pods are now; told to those who watch, unless they are to miss it. */
    setPods(next: FakeEndpoint[], { isMissed = false } = {}) {
      const type = endpoints.length === 0 ? "ADDED" : "MODIFIED";
      endpoints = next;
      version++;
      if (!isMissed) tell(type, slice());
    },
    /** Slices as they are given; told to those who watch, with the type of the change. */
    tellSlice(
      type: "ADDED" | "MODIFIED" | "DELETED",
      object: { metadata: { name: string }; [field: string]: unknown },
    ) {
      version++;
      tell(type, { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
    },
    /** What each pod has printed, with the time before each line. */
    logs,
    get eventWatches() {
      return eventWatches.size;
    },
    tellEvent(pod: string, reason: string, message: string) {
      version++;
      const metadata = { uid: `event-${version}`, resourceVersion: String(version) };
      const object = { kind: "Event", metadata, involvedObject: { kind: "Pod", name: pod }, reason, message, count: 1 };
      for (const watch of eventWatches) watch.write(`${JSON.stringify({ type: "ADDED", object })}\n`);
    },
    bookmark() {
      version++;
      tell("BOOKMARK", { metadata: { resourceVersion: String(version) } });
    },
    /** Ends the watches, as servers do every few minutes; with `forget`, what was before now cannot be asked for. */
    endWatches({ forget = false } = {}) {
      if (forget) oldest = version;
      for (const watch of watches) watch.end();
    },
    /** Says that the roll-out of a Deployment is done. */
    finish(path: string, replicas: number, { observedGeneration }: { observedGeneration?: number } = {}) {
      const found = objects.get(path);
      if (!found) throw new Error(`no ${path}`);
      found.status = {
        observedGeneration: observedGeneration ?? found.metadata.generation,
        updatedReplicas: replicas,
        readyReplicas: replicas,
        replicas,
      };
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
