// The instances of a deployment that a Kubernetes cluster runs. The cluster starts, probes and replaces them; calls go to
// the pods' own addresses, so that balancing, zones and retries are the same as everywhere.

import { FlowsteadError } from "../../base/error/error.ts";
import type { Logger } from "../../base/log.ts";
import type { Group, GroupRoom, InstanceStatus } from "../group.ts";
import type { InstanceTarget } from "../instance/instance.ts";
import { scoringTarget } from "../instance/scoring.ts";
import type { DeploymentSpec } from "../specification/deployment-spec.ts";
import type { Journal } from "../log/journal.ts";
import type { Cluster } from "./cluster.ts";
import { deploymentObjects } from "./object.ts";
import { openPodJournal } from "./pod-journal.ts";
import { type Pod, watchPods } from "./slice.ts";

export interface ClusterGroupOptions extends GroupRoom {
  cluster: Cluster;
  spec: DeploymentSpec;
  log: Logger;
  /** Where the pods' output and events are written down. */
  journal?: Journal | undefined;
  /** Between looks at the roll-out's state, and after failures. Default 1000. */
  pollMs?: number;
}

export interface ClusterGroup extends Group {
  /** Brings the cluster's objects to the specification; the cluster replaces its pods one by one. */
  replace(spec: DeploymentSpec): void;
  /** Deletes the objects. `close` only stops watching: pods outlive this process. */
  remove(): Promise<void>;
}

interface Rollout {
  metadata?: { generation?: number };
  status?: { observedGeneration?: number; updatedReplicas?: number; readyReplicas?: number; replicas?: number };
}

/** @throws FlowsteadError `InvalidConfig` when the specification cannot become objects. */
export function openClusterGroup(options: ClusterGroupOptions): ClusterGroup {
  const { cluster, pool, onChange, log, pollMs = 1_000 } = options;
  let { spec } = options;
  let count = spec.instanceCount;
  let pods: Pod[] = [];
  let problem: string | undefined;
  let isRolledOut = false;
  let work = Promise.resolve();
  const stop = new AbortController();
  const targets = new Map<string, { address: string; target: InstanceTarget; left?: Promise<void> }>();
  const wanted = (): ReturnType<typeof deploymentObjects> =>
    deploymentObjects(spec, { count, variables: spec.environmentVariables });
  const { name } = wanted();

  /** One after another, so that an older state never overwrites a newer one. */
  function apply(): void {
    isRolledOut = false;
    work = work.then(async () => {
      try {
        for (const object of wanted().objects) await cluster.apply(object);
        problem = undefined;
        await look();
      } catch (thrown) {
        failed(FlowsteadError.from(thrown));
        // What cannot be applied now is wanted still.
        if (!stop.signal.aborted) setTimeout(apply, pollMs).unref();
      }
    });
  }

  async function look(): Promise<void> {
    if (stop.signal.aborted) return;
    const { metadata, status = {} } = (await cluster.get(
      `/apis/apps/v1/namespaces/{ns}/deployments/${name}`,
    )) as Rollout;
    isRolledOut =
      (status.observedGeneration ?? 0) >= (metadata?.generation ?? 1) &&
      [status.updatedReplicas, status.readyReplicas, status.replicas].every((replicas) => (replicas ?? 0) === count);
    onChange();
    if (!isRolledOut)
      setTimeout(() => void look().catch((thrown) => failed(FlowsteadError.from(thrown))), pollMs).unref();
  }

  function failed({ message }: FlowsteadError): void {
    if (stop.signal.aborted) return;
    problem = message;
    log.warn({ deployment: spec.name, reason: message }, "cluster failed");
    onChange();
  }

  function take(found: Pod[]): void {
    pods = found;
    problem = undefined;
    const { scorePath } = wanted();
    for (const { name: pod, address, zone, isReady, isLeaving } of found) {
      const known = targets.get(pod);
      if (isLeaving || (known && known.address !== address)) void leave(pod);
      else if (known) pool.members.find(({ id }) => id === pod)?.setReady(isReady);
      else if (!pool.members.some(({ id }) => id === pod)) {
        const target = scoringTarget({ url: `http://${address}${scorePath}`, peer: `Pod ${pod}` });
        targets.set(pod, { address, target });
        pool.add({ id: pod, value: target, zone, ready: isReady });
      }
    }
    for (const pod of targets.keys()) if (!found.some((one) => one.name === pod)) void leave(pod);
    told?.follow(found.map((one) => one.name));
    onChange();
  }

  function leave(pod: string): Promise<void> {
    const held = targets.get(pod);
    if (!held) return Promise.resolve();
    held.left ??= pool
      .remove(pod)
      .then(() => held.target.close())
      .finally(() => targets.delete(pod));
    return held.left;
  }

  const told =
    options.journal &&
    openPodJournal({
      cluster,
      name,
      journal: options.journal,
      place: { endpoint: spec.endpointName, deployment: spec.name },
      log,
      signal: stop.signal,
      pollMs,
    });
  apply();
  const watching = watchPods({
    cluster,
    service: name,
    signal: stop.signal,
    onPods: take,
    onFailure: failed,
    backoffMs: pollMs,
  });
  return {
    get instances(): InstanceStatus[] {
      const staying = pods.filter(({ isLeaving }) => !isLeaving);
      if (staying.length === 0 && problem !== undefined) return [status({ name, zone: "", isReady: false }, problem)];
      return staying.map((pod) => status(pod, pod.isReady ? undefined : "The cluster says that it is not ready."));
    },
    get count() {
      return count;
    },
    get isSettled() {
      return isRolledOut && pods.filter(({ isReady }) => isReady).length === count;
    },
    scale(next) {
      if (next === count) return;
      count = next;
      apply();
    },
    replace(next) {
      spec = next;
      apply();
    },
    async remove() {
      await work;
      for (const { kind, metadata } of wanted().objects.toReversed()) await cluster.remove(kind, metadata.name);
    },
    async close() {
      stop.abort();
      await Promise.all([work, watching]);
      await Promise.all([...targets.keys()].map(leave));
    },
  };
}

function status({ name, zone, isReady }: Pick<Pod, "name" | "zone" | "isReady">, problem?: string): InstanceStatus {
  return { name, zone, state: isReady ? "ready" : "starting", problem, pid: undefined, restarts: 0 };
}
