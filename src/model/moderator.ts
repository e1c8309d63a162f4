// The port `Moderator`: what a text holds that it should not. What is done about it is the guard's business.

export const SEVERITIES = ["safe", "low", "medium", "high"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** By category: hate, self_harm, sexual and violence have a severity; jailbreak and custom_blocklists are there or not. */
export type Findings = Record<string, { severity: Severity } | { detected: boolean }>;

export interface Moderator {
  /** For messages. */
  readonly id: string;
  /** New characters of a stream that are worth a check: 1 where a check costs nothing. */
  readonly stepChars: number;
  /** @throws FlowsteadError `ModerationFailed`. */
  moderate(text: string, kind: "prompt" | "completion", signal: AbortSignal): Findings | Promise<Findings>;
  close(): Promise<void>;
}
