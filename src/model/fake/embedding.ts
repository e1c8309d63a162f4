/**
 * A bag of words as a vector of length one: each word adds to two places that its letters determine, so texts that
 * share words are similar, and the same text gives the same vector on every machine.
 */
export function embedText(text: string, dimensions: number): number[] {
  const vector = Array.from({ length: dimensions }, () => 0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const stem = word.length > 4 ? word.replace(/(?:ing|ed|es|s)$/, "") : word;
    for (const seed of [0x811c9dc5, 0x01000193]) {
      const hash = fnv(stem, seed);
      const place = hash % dimensions;
      vector[place] = (vector[place] ?? 0) + ((hash >>> 16) & 1 ? 1 : -1);
    }
  }
  const length = Math.hypot(...vector);
  if (length === 0) {
    vector[0] = 1;
    return vector;
  }
  return vector.map((value) => value / length);
}

function fnv(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  // FNV's low bits alone are too regular for small moduli.
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}
