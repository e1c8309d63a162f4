// What moderation services have in common: a call that answers or is a failure, and texts longer than they take.

import { FlowsteadError } from "../../../base/error/error.ts";
import { type Findings, SEVERITIES } from "../../moderator.ts";
import type { WireCall, WireClient } from "../openai-wire/client.ts";

const TIMEOUT_MS = 10_000;

/** @throws FlowsteadError `ModerationFailed`. */
export async function jsonOf<T>(
  client: WireClient,
  call: WireCall,
  { id, signal }: { id: string; signal: AbortSignal },
): Promise<T> {
  try {
    const { status, body } = await client.read(call, { signal, timeoutMs: TIMEOUT_MS });
    if (status !== 200) throw new Error(`it answered ${status}: ${body.slice(0, 200)}`);
    return JSON.parse(body) as T;
  } catch (cause) {
    if (cause instanceof FlowsteadError && cause.code === "Canceled") throw cause;
    const message = `${id} could not check a text: ${(cause as Error).message}`;
    throw new FlowsteadError("ModerationFailed", message, { cause });
  }
}

/** The worst of all parts. Parts overlap a little, so that nothing hides at a seam. */
export async function inParts(
  text: string,
  most: number,
  check: (part: string) => Promise<Findings>,
): Promise<Findings> {
  if (text.length <= most) return check(text === "" ? " " : text);
  const parts: string[] = [];
  for (let from = 0; from < text.length; from += most - OVERLAP) parts.push(text.slice(from, from + most));
  const all = await Promise.all(parts.map(check));
  return all.reduce(worse, {});
}

const OVERLAP = 200;

function worse(one: Findings, other: Findings): Findings {
  const found = { ...one };
  for (const [category, finding] of Object.entries(other)) {
    const before = found[category];
    const isWorse =
      "detected" in finding
        ? finding.detected
        : !before ||
          !("severity" in before) ||
          SEVERITIES.indexOf(finding.severity) > SEVERITIES.indexOf(before.severity);
    if (!before || isWorse) found[category] = finding;
  }
  return found;
}
