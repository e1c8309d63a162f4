import type { Target } from "../../flow/target.ts";

export type InstanceState = "starting" | "ready" | "backing-off" | "stopped";

/** Whether calls may go to an instance, or whether it is alive at all. */
export type ProbeKind = "readiness" | "liveness";

/** A target in another process. */
export interface InstanceTarget extends Target {
  /** @throws FlowsteadError when the process does not answer as healthy. @param probe what is asked, where the two differ; readiness when absent */
  health(signal: AbortSignal, probe?: ProbeKind): Promise<void>;
}

/** One running copy of a deployment's flow, whatever it runs in; it is restarted after a crash by whoever started it. */
export interface Instance {
  readonly name: string;
  readonly zone: string;
  readonly state: InstanceState;
  /** Why it is not ready, when it is known. */
  readonly problem: string | undefined;
  readonly pid: number | undefined;
  /** How often it was started after the first time. */
  readonly restarts: number;
  readonly target: InstanceTarget;
  /** Ends it now; another one is started in its place. For a hung instance. */
  kill(): void;
  /** Ends it for good. `now` leaves it no time, as the loss of its zone does. */
  stop(how?: { now?: boolean }): Promise<void>;
}

/** Where an instance belongs. */
export interface Slot {
  name: string;
  zone: string;
}

/** Starts one instance of one version of a deployment and tells every change of its state. */
export type StartInstance = (slot: Slot, onState: (instance: Instance) => void) => Instance;
