// One version of a deployment's instances: how they are started and looked after.

import type { ProbeSettings } from "../pool/probe.ts";
import type { SilenceSettings } from "../pool/silence.ts";
import type { Instance, StartInstance } from "./instance/instance.ts";

export interface Revision {
  start: StartInstance;
  /** An instance that fails it is ended and started anew. */
  liveness: ProbeSettings;
  /** An instance that fails it takes no calls until it passes again. */
  readiness: ProbeSettings;
  /** When an instance whose calls do not end is asked whether it still answers. */
  silence?: SilenceSettings;
  /** Longest time that calls may go on when an instance is to leave. */
  drainMs: number;
  /** An instance that takes more than this is replaced. */
  memory?: { limitBytes: number; measure: (instance: Instance) => Promise<number | undefined>; periodMs?: number };
  /** Something is done about an instance: a probe failed often enough, or it takes too much memory. */
  onTrouble?: (instance: string, trouble: InstanceTrouble) => void;
}

export interface InstanceTrouble {
  name: "LivenessProbeFailed" | "ReadinessProbeFailed" | "Killing";
  message: string;
}
