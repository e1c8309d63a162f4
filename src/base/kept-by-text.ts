/**
 * A function of texts that keeps what it made of those used last, as many as have so many characters together. Its results
 * are shared, and must not be changed.
 */
export function keptByText<T>(mostCharacters: number, make: (text: string) => T): (text: string) => T {
  const kept = new Map<string, { value: T }>();
  let characters = 0;
  return (text) => {
    const known = kept.get(text);
    // What is used again is the youngest.
    if (known) kept.delete(text);
    else characters += text.length;
    const held = known ?? { value: make(text) };
    kept.set(text, held);
    for (const oldest of kept.keys()) {
      if (characters <= mostCharacters) break;
      kept.delete(oldest);
      characters -= oldest.length;
    }
    return held.value;
  };
}
