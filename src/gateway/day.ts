const DAY_MS = 86_400_000;
let newest = { day: Number.NaN, text: "" };

/** Days are asked for at every call, and change rarely. */
export function dayOf(at: number): string {
  const day = Math.floor(at / DAY_MS);
  if (day !== newest.day) newest = { day, text: new Date(at).toISOString().slice(0, 10) };
  return newest.text;
}
