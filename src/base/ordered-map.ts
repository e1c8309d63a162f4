// Maps with keys such as "10" and "2" in the order in which they are written. A JavaScript object moves keys that look
// like a list's indexes to its front, smallest first; Python's dicts, and what templates make of them, keep their order.

/** A map of these entries, in their order whatever the keys are. Of a key given twice the last value counts. */
export function orderedMap<V>(entries: Iterable<readonly [string, V]>): { [key: string]: V } {
  const values = new Map(entries);
  const map = Object.fromEntries(values);
  const wanted = values.keys();
  for (const key in map) {
    // Only a map whose keys were moved needs more than itself, which is seldom.
    if (key !== wanted.next().value) return inOrder(map, [...values.keys()]);
    if (!/^\d/.test(key)) return map; // Keys that move come first.
  }
  return map;
}

/** Everybody who looks through it gets its keys in this order; what is added stands behind them. */
function inOrder<V>(map: { [key: string]: V }, order: readonly string[]): { [key: string]: V } {
  const ownKeys = (target: object): (string | symbol)[] => {
    const rest = new Set(Reflect.ownKeys(target));
    return [...order.filter((key) => rest.delete(key)), ...rest];
  };
  return new Proxy<{ [key: string]: V }>(map, { ownKeys });
}
