/**
 * The items of a sequence until the signal: then it ends at once, without waiting for a producer that is slow to notice,
 * which is told to stop and left to itself.
 */
export async function* until<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void> {
  const iterator = items[Symbol.asyncIterator]();
  let stop: () => void = () => {};
  const stopped = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  let hasEnded = false;
  try {
    while (!signal.aborted) {
      const next = iterator.next();
      // Once the race is lost nobody else looks at it.
      next.catch(() => undefined);
      const result = await Promise.race([next, stopped]);
      if (result === undefined) return;
      if (result.done === true) {
        hasEnded = true;
        return;
      }
      yield result.value;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    if (!hasEnded) iterator.return?.().catch(() => undefined);
  }
}
