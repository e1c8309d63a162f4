/**
 * Numbers of the highest scores above zero, in no order: `limit` of them, and all that are as good as the last of these.
 */
export function best(scores: Float64Array, limit: number, isWanted?: (number: number) => boolean): number[] {
  if (limit <= 0) return [];
  // A heap of the best so far, its least on top: almost every score is left out by one comparison.
  const heap = new Float64Array(limit);
  let size = 0;
  for (let number = 0; number < scores.length; number++) {
    const score = scores[number]!;
    if (score <= 0 || (size === limit && score <= heap[0]!) || (isWanted && !isWanted(number))) continue;
    if (size < limit) raise(heap, size++, score);
    else sink(heap, score);
  }
  const least = size === limit ? heap[0]! : 0;
  const found: number[] = [];
  for (let number = 0; number < scores.length; number++) {
    const score = scores[number]!;
    if (score > 0 && score >= least && (!isWanted || isWanted(number))) found.push(number);
  }
  return found;
}

function raise(heap: Float64Array, last: number, score: number): void {
  let at = last;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent]! <= score) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = score;
}

/** Puts a score in the place of the least. */
function sink(heap: Float64Array, score: number): void {
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child += 1;
    if (heap[child]! >= score) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = score;
}
