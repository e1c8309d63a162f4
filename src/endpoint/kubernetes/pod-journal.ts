// What a deployment's pods print, and what the cluster says becomes of them, kept like the logs of instances on this machine.

import { sleep } from "../../base/abort.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Logger } from "../../base/log.ts";
import type { InstanceEventName, Journal, Place } from "../log/journal.ts";
import type { Cluster } from "./cluster.ts";

export interface PodJournalOptions {
  cluster: Cluster;
  /** Of the Deployment; its pods' names begin with it. */
  name: string;
  journal: Journal;
  place: Place;
  log: Logger;
  signal: AbortSignal;
  /** Between attempts. Default 1000. */
  pollMs?: number;
}

export interface PodJournal {
  /** The pods of now: the logs of new ones are followed until they go. */
  follow(pods: readonly string[]): void;
}

interface ClusterEvent {
  metadata: { uid?: string; resourceVersion?: string };
  involvedObject: { kind?: string; name?: string };
  reason?: string;
  message?: string;
  count?: number;
  lastTimestamp?: string | null;
  eventTime?: string | null;
}

const REASONS: ReadonlySet<string> = new Set(["BackOff", "Pulled", "Created", "Started", "Killing"]);
const EVENTS = "/api/v1/namespaces/{ns}/events";
/** `2026-01-31T10:00:00.123456789Z text` */
const STAMPED = /^(\S+Z) (.*)$/;

export function openPodJournal(options: PodJournalOptions): PodJournal {
  const { cluster, journal, place, log, signal, pollMs = 1_000 } = options;
  const followed = new Map<string, AbortController>();
  void followEvents(options);

  async function followLog(pod: string, stop: AbortSignal): Promise<void> {
    let last = "";
    while (!stop.aborted) {
      const since = last === "" ? "" : `&sinceTime=${encodeURIComponent(last)}`;
      const path = `/api/v1/namespaces/{ns}/pods/${encodeURIComponent(pod)}/log?container=inference-server&follow=true&timestamps=true${since}`;
      try {
        for await (const line of cluster.lines(path, stop)) {
          const [, time = "", text = line] = STAMPED.exec(line) ?? [];
          // A log that is asked for again begins with the second it ended in.
          if (time !== "" && time <= last) continue;
          if (time !== "") last = time;
          if (text !== "") journal.console(place, pod, text);
        }
      } catch (thrown) {
        if (isRefused(thrown)) return log.warn({ pod, reason: (thrown as Error).message }, "pod's log cannot be read");
        // It does not run yet, or the server ended the stream.
      }
      await sleep(pollMs, stop).catch(() => {});
    }
  }

  return {
    follow(pods) {
      const present = new Set(pods);
      for (const pod of present) {
        if (followed.has(pod)) continue;
        const stop = new AbortController();
        followed.set(pod, stop);
        void followLog(pod, AbortSignal.any([signal, stop.signal]));
      }
      for (const [pod, stop] of followed) {
        if (present.has(pod)) continue;
        stop.abort();
        followed.delete(pod);
      }
    },
  };
}

async function followEvents(options: PodJournalOptions): Promise<void> {
  const { cluster, name, journal, place, log, signal, pollMs = 1_000 } = options;
  const startedAt = Date.now();
  const isPod = new RegExp(`^${name}-[a-z0-9]+-[a-z0-9]+$`);
  const told = new Set<string>();
  let version: string | undefined;

  function tell({ metadata, involvedObject, reason = "", message = "", ...rest }: ClusterEvent): void {
    const { kind, name: pod = "" } = involvedObject;
    const word = wordOf(reason, message);
    if (kind !== "Pod" || word === undefined || !isPod.test(pod)) return;
    // An event that recurs is the same object with another count.
    const once = `${metadata.uid} ${rest.count ?? 1}`;
    if (told.has(once)) return;
    told.add(once);
    journal.event(place, pod, { name: word, message });
  }

  async function list(): Promise<string> {
    const found = (await cluster.get(EVENTS)) as { metadata: { resourceVersion: string }; items: ClusterEvent[] };
    for (const event of found.items) {
      if (Date.parse(event.lastTimestamp ?? event.eventTime ?? "") >= startedAt - 1_000) tell(event);
    }
    return found.metadata.resourceVersion;
  }

  while (!signal.aborted) {
    try {
      version ??= await list();
      const path = `${EVENTS}?watch=true&resourceVersion=${encodeURIComponent(version)}`;
      for await (const { type, object } of cluster.watch(path, signal)) {
        if (type === "ERROR") {
          throw new FlowsteadError("ClusterFailed", `The watch ended: ${object.message}`, {
            status: object.code ?? 500,
          });
        }
        version = object.metadata?.resourceVersion ?? version;
        if (type === "ADDED" || type === "MODIFIED") tell(object as ClusterEvent);
      }
    } catch (thrown) {
      if (signal.aborted) return;
      if (isRefused(thrown)) return log.warn({ reason: (thrown as Error).message }, "cluster's events cannot be read");
      // What happened in between is in the list.
      version = undefined;
      await sleep(pollMs, signal).catch(() => {});
    }
  }
}

/** The cluster has one reason for both kinds of probe. */
function wordOf(reason: string, message: string): InstanceEventName | undefined {
  if (REASONS.has(reason)) return reason as InstanceEventName;
  if (reason !== "Unhealthy") return undefined;
  return /^liveness/i.test(message) ? "LivenessProbeFailed" : "ReadinessProbeFailed";
}

/** Whoever may not read logs or events here will not be allowed to a second later. */
function isRefused(thrown: unknown): boolean {
  return thrown instanceof FlowsteadError && thrown.status === 403;
}
