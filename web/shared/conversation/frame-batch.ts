/**
 * Collects items and hands them on once per frame, so that a fast stream costs one rendering per frame. A hidden page gets
 * no frames, there a timer does it.
 */
export function frameBatch<T>(deliver: (items: T[]) => void): { push(item: T): void; flush(): void } {
  let items: T[] = [];
  let cancel: (() => void) | undefined;
  const flush = (): void => {
    cancel?.();
    cancel = undefined;
    if (items.length === 0) return;
    const batch = items;
    items = [];
    deliver(batch);
  };
  const schedule = (): (() => void) => {
    // Both: a page that is hidden in mid-frame would otherwise wait until it is shown again.
    const timer = setTimeout(flush, 250);
    const frame = document.hidden ? 0 : requestAnimationFrame(flush);
    return () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
  };
  return {
    push(item) {
      items.push(item);
      cancel ??= schedule();
    },
    flush,
  };
}
