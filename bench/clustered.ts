// Vectors as embeddings of texts lie: in clusters, each spread along a few directions of its own, with a little noise beside.
// Without them all neighbours are about equally far, and how many of the nearest are found means nothing.

export interface Clusters {
  dimensions: number;
  clusters: number;
  /** Where the clusters lie. */
  random: () => number;
  /** What is drawn from them; by the same when absent. */
  draw?: () => number;
}

const DIRECTIONS = 24;
const SPREAD = 0.35;
const NOISE = 0.25;

/** A source of unit vectors. */
export function clusteredVectors({ dimensions, clusters, random, draw = random }: Clusters): () => Float32Array {
  const drawn = (count: number): Float32Array[] =>
    Array.from({ length: count }, () => Float32Array.from({ length: dimensions }, () => bell(random)));
  const centres = drawn(clusters);
  const directions = drawn(4 * DIRECTIONS);
  return () => {
    const cluster = Math.floor(draw() * clusters);
    const vector = Float32Array.from(centres[cluster]!, (value) => value + NOISE * (draw() - 0.5));
    for (let one = 0; one < DIRECTIONS; one++) {
      const direction = directions[(cluster * 7 + one * 3) % directions.length]!;
      const far = SPREAD * bell(draw);
      for (let at = 0; at < dimensions; at++) vector[at]! += far * direction[at]!;
    }
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  };
}

/** About the normal distribution. */
function bell(random: () => number): number {
  return (random() + random() + random() + random() - 2) * Math.sqrt(3);
}

/** The same numbers in every run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
