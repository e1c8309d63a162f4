// The instances of one deployment, whoever keeps them running: processes and containers of this machine, a cluster that is
// told what to run, or servers that run already.

import type { Target } from "../flow/target.ts";
import type { Pool } from "../pool/pool.ts";
import type { InstanceState } from "./instance/instance.ts";

export interface InstanceStatus {
  readonly name: string;
  readonly zone: string;
  readonly state: InstanceState;
  /** Why it is not ready, when it is known. */
  readonly problem: string | undefined;
  readonly pid: number | undefined;
  readonly restarts: number;
}

export interface Group {
  /** Without those that are leaving. */
  readonly instances: readonly InstanceStatus[];
  /** How many are wanted. */
  readonly count: number;
  /** Whether every instance wanted is there, ready, of the newest version and in its zone. */
  readonly isSettled: boolean;
  scale(count: number): void;
  close(): Promise<void>;
}

/** Where a group puts what it has started. */
export interface GroupRoom {
  pool: Pool<Target>;
  /** Called after every change of an instance. */
  onChange: () => void;
}
