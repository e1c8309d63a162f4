import { setTimeout as delay } from "node:timers/promises";
import { Bag, type Placed } from "./bag.ts";
import { FlowsteadError } from "./error/error.ts";

/** Waits, or throws `Canceled` as soon as the signal is aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal ? { signal } : {});
  } catch (thrown) {
    throw FlowsteadError.from(thrown);
  }
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new FlowsteadError("Canceled", "The work was canceled.", { cause: signal.reason });
}

/** Settles as the promise does, or rejects with `Canceled` when the signal is aborted first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(new FlowsteadError("Canceled", "The work was canceled."));
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new FlowsteadError("Canceled", "The work was canceled."));
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

interface Listener extends Placed {
  readonly listener: () => void;
}

const heard = new WeakMap<AbortSignal, Bag<Listener>>();

/**
 * Calls back once when the signal is aborted, until the function returned is called. A connection's signal is listened to by
 * every call that comes over it: one listener of its own each costs ten times as much.
 */
export function onAborted(signal: AbortSignal, listener: () => void): () => void {
  let listeners = heard.get(signal);
  if (!listeners) {
    const all = new Bag<Listener>();
    heard.set(signal, (listeners = all));
    signal.addEventListener("abort", () => all.items().forEach((one) => one.listener()), { once: true });
  }
  const own = listeners;
  const entry: Listener = { listener, place: -1 };
  own.add(entry);
  return () => own.delete(entry);
}
