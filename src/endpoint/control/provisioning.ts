// How far the running system has come with what is desired; in memory only, since a new start begins anew.

import type { Logger } from "../../base/log.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Fleet } from "../fleet.ts";

/** ARM's words. "Stopped" is ours: nothing runs, the state is only kept. */
export type ProvisioningState = "Creating" | "Updating" | "Deleting" | "Succeeded" | "Failed" | "Stopped";

export interface Provisioning {
  state: ProvisioningState;
  problem?: string;
}

export interface Progress {
  of(endpoint: string, deployment: string): Provisioning;
  /** Follows a deployment until all its instances are ready and new; a newer change takes over. `whyNot` is told of one that could not even begin. */
  follow(
    endpoint: string,
    deployment: string,
    change: { state: "Creating" | "Updating"; whyNot: string | undefined },
  ): void;
  forget(endpoint: string, deployment?: string): void;
  /** Resolves when nothing about the deployment is under way any more. */
  done(endpoint: string, deployment: string): Promise<Provisioning>;
  close(): void;
}

/** Longer than a rolling replacement of many instances on a busy machine. */
const SETTLE_MS = 600_000;

export interface ProgressOptions {
  fleet: Pick<Fleet, "settled"> | undefined;
  log: Logger;
  /** All instances of a deployment are ready and new. */
  onSettled: (endpoint: string, deployment: string) => void;
}

export function openProgress({ fleet, log, onSettled }: ProgressOptions): Progress {
  const known = new Map<string, Provisioning & { work?: Promise<void> }>();
  const stop = new AbortController();
  const keyOf = (endpoint: string, deployment: string): string => `${endpoint}/${deployment}`;

  const of = (endpoint: string, deployment: string): Provisioning => {
    const entry: Provisioning | undefined = known.get(keyOf(endpoint, deployment));
    if (!entry) return { state: fleet ? "Succeeded" : "Stopped" };
    return { state: entry.state, ...(entry.problem === undefined ? {} : { problem: entry.problem }) };
  };

  return {
    of,
    follow(endpoint, deployment, { state, whyNot }) {
      if (!fleet) return;
      const key = keyOf(endpoint, deployment);
      const entry: Provisioning & { work?: Promise<void> } = { state };
      known.set(key, entry);
      const settle = async (): Promise<void> => {
        try {
          await fleet.settled(endpoint, deployment, { timeoutMs: SETTLE_MS, signal: stop.signal });
          entry.state = "Succeeded";
          log.info({ endpoint, deployment }, "deployment settled");
          // Unless a newer change has taken over.
          if (known.get(key) === entry) onSettled(endpoint, deployment);
        } catch (thrown) {
          const error = FlowsteadError.from(thrown);
          entry.state = "Failed";
          // What does not run at all could not be begun, which was said before.
          entry.problem = error.code === "NotFound" ? (whyNot ?? error.message) : error.message;
        }
      };
      entry.work = settle();
    },
    forget(endpoint, deployment) {
      for (const key of known.keys()) {
        if (deployment === undefined ? key.startsWith(`${endpoint}/`) : key === keyOf(endpoint, deployment)) {
          known.delete(key);
        }
      }
    },
    async done(endpoint, deployment) {
      await known.get(keyOf(endpoint, deployment))?.work;
      return of(endpoint, deployment);
    },
    close: () => stop.abort(),
  };
}
