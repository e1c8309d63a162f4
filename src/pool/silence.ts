// Hang detection that does not wait for the next regular probe: a member with calls in flight that ends none of them is
// asked at once whether it still answers anything.

import { FlowsteadError } from "../base/error/error.ts";
import type { Member } from "./member.ts";
import { probeOnce } from "./probe.ts";

export interface SilenceSettings {
  /** How long calls may be in flight without one that ends before the member is asked. Default 1500. */
  silentMs?: number;
  /** Default 2000. */
  timeoutMs?: number;
  /** Questions in a row without an answer after which it counts as hung. Default 4: a busy machine is not a dead one. */
  failureThreshold?: number;
}

export interface SilenceOptions<T> extends SilenceSettings {
  /** Proves that the member's process answers. @throws when it does not. */
  probe: (value: T, signal: AbortSignal) => Promise<void>;
  onHang: (reason: FlowsteadError) => void;
}

/**
 * Watches one member until the function returned is called. One that does not answer takes no further calls until it does;
 * one that keeps silent is told as hung, once.
 */
export function watchSilence<T>(member: Member<T>, options: SilenceOptions<T>): () => void {
  const { probe, silentMs = 1500, timeoutMs = 2000, failureThreshold = 4, onHang } = options;
  const stop = new AbortController();
  let failures = 0;
  let timer = setTimeout(check, silentMs);
  timer.unref();

  async function check(): Promise<void> {
    if (failures > 0 || member.silentMs >= silentMs) await ask();
    if (stop.signal.aborted) return;
    timer = setTimeout(check, failures > 0 ? silentMs / 3 : silentMs);
    timer.unref();
  }

  async function ask(): Promise<void> {
    const failure = await probeOnce((signal) => probe(member.value, signal), { timeoutMs, stop: stop.signal });
    if (stop.signal.aborted) return;
    if (!failure) {
      if (failures > 0) member.setReady(true);
      failures = 0;
      return;
    }
    failures++;
    if (failures === 1) member.setReady(false, new FlowsteadError("InstanceLost", failure.message, { cause: failure }));
    if (failures < failureThreshold) return;
    stop.abort();
    onHang(failure);
  }

  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}
