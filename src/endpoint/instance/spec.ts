import { z } from "zod";

/** What a child process needs to become a flow instance; it arrives on standard input, since arguments are public. */
export const instanceSpec = z.object({
  name: z.string(),
  zone: z.string(),
  /** Where it listens. */
  socketPath: z.string(),
  /** Where its resources are lent. */
  resources: z.object({ socketPath: z.string(), token: z.string() }),
  flow: z.string(),
  /** Variables for the flow's Python processes. */
  env: z.record(z.string(), z.string()),
  /** Interpreter for Python nodes; chosen for the flow when absent. */
  python: z.string().optional(),
  version: z.string(),
  logLevel: z.enum(["debug", "info", "warn", "error", "silent"]),
});

export type InstanceSpec = z.output<typeof instanceSpec>;

/** What the child says to its parent over the process channel. */
export type InstanceMessage = { type: "ready" } | { type: "failed"; message: string };
