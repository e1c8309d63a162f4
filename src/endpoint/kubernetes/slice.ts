// The pods behind a service as EndpointSlices tell them: listed once, then watched; the watch goes on where it ended, and
// begins anew with a list when the server has forgotten that far back.

import { sleep } from "../../base/abort.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Cluster } from "./cluster.ts";

export interface Pod {
  name: string;
  /** Host and port. */
  address: string;
  zone: string;
  isReady: boolean;
  /** Told to end; it gets no new calls. */
  isLeaving: boolean;
}

interface Slice {
  metadata: { name: string; resourceVersion: string };
  addressType?: string;
  endpoints?: {
    addresses: string[];
    conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
    zone?: string;
    targetRef?: { name?: string };
  }[];
  ports?: { name?: string; port?: number }[];
}

export interface SliceWatch {
  cluster: Cluster;
  service: string;
  signal: AbortSignal;
  /** All pods of the service, after every change. */
  onPods: (pods: Pod[]) => void;
  /** The cluster could not be asked; it is tried again. What was known stays. */
  onFailure: (reason: FlowsteadError) => void;
  /** Pause after a failure. Default 1000. */
  backoffMs?: number;
}

/** Watches until the signal is aborted. */
export async function watchPods({
  cluster,
  service,
  signal,
  onPods,
  onFailure,
  backoffMs = 1_000,
}: SliceWatch): Promise<void> {
  const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`);
  const path = `/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices?labelSelector=${selector}`;
  let slices = new Map<string, Slice>();
  let version: string | undefined;

  async function list(): Promise<string> {
    const answer = (await cluster.get(path)) as { metadata: { resourceVersion: string }; items: Slice[] };
    slices = new Map(answer.items.map((slice) => [slice.metadata.name, slice]));
    onPods(podsOf(slices));
    return answer.metadata.resourceVersion;
  }

  async function follow(from: string): Promise<void> {
    const query = `&watch=true&allowWatchBookmarks=true&resourceVersion=${encodeURIComponent(from)}`;
    for await (const { type, object } of cluster.watch(path + query, signal)) {
      if (type === "ERROR") {
        throw new FlowsteadError("ClusterFailed", `The watch ended: ${object.message}`, { status: object.code ?? 500 });
      }
      const slice = object as Slice;
      version = slice.metadata.resourceVersion;
      if (type === "BOOKMARK") continue;
      if (type === "DELETED") slices.delete(slice.metadata.name);
      else slices.set(slice.metadata.name, slice);
      onPods(podsOf(slices));
    }
  }

  while (!signal.aborted) {
    try {
      version ??= await list();
      await follow(version);
    } catch (thrown) {
      if (signal.aborted) return;
      const failure = FlowsteadError.from(thrown);
      // Gone: what happened since then can only be learnt from a list.
      if (failure.status === 410) version = undefined;
      else {
        onFailure(failure);
        await sleep(backoffMs, signal).catch(() => {});
      }
    }
  }
}

function podsOf(slices: ReadonlyMap<string, Slice>): Pod[] {
  return [...slices.values()].flatMap(({ endpoints = [], ports = [], addressType }) => {
    const port = (ports.find(({ name }) => name === "http") ?? ports[0])?.port;
    return endpoints.flatMap(({ addresses, conditions = {}, zone, targetRef }) => {
      const [host] = addresses;
      if (host === undefined || port === undefined) return [];
      const isLeaving = conditions.terminating === true;
      return {
        name: targetRef?.name ?? host,
        address: `${addressType === "IPv6" ? `[${host}]` : host}:${port}`,
        zone: zone ?? "",
        // Unknown counts as ready, as the API says.
        isReady: conditions.ready !== false && !isLeaving,
        isLeaving,
      };
    });
  });
}
