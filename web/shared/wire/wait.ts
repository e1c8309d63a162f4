/** Resolves after `ms`, on abort, or when the window gets the named event (back online), whichever comes first. */
export function pause(ms: number, signal: AbortSignal, wakeOn?: string): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      if (wakeOn) globalThis.removeEventListener(wakeOn, done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    if (wakeOn) globalThis.addEventListener(wakeOn, done, { once: true });
  });
}

/** A controller that also aborts with its parent. */
export function linked(parent: AbortSignal): AbortController {
  const child = new AbortController();
  if (parent.aborted) child.abort();
  else parent.addEventListener("abort", () => child.abort(), { once: true, signal: child.signal });
  return child;
}
