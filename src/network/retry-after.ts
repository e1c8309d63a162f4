// When a provider says that it may be asked again. Five headers are in use, and their values can be garbage.

export type Headers = Record<string, string | string[] | undefined>;

/** Longest cooldown that is believed; free tiers answer with a whole day. */
const CAP_MS = 24 * 3600 * 1000;

/** Milliseconds from now; undefined when no header says so. Zero and less count as absent. */
export function retryAfterMs(headers: Headers, now = Date.now()): number | undefined {
  const found =
    positive(Number(first(headers, "retry-after-ms"))) ??
    positive(Number(first(headers, "x-ms-retry-after-ms"))) ??
    secondsOrDate(first(headers, "retry-after"), now) ??
    reset(headers, now);
  return found === undefined ? undefined : Math.min(Math.ceil(found), CAP_MS);
}

function reset(headers: Headers, now: number): number | undefined {
  // Only the limit that is used up has to be waited for; with no `remaining`, the longer reset is the safe one.
  const waits = ["requests", "tokens"].map((kind) => {
    const remaining = first(headers, `x-ratelimit-remaining-${kind}`);
    if (remaining !== undefined && Number(remaining) > 0) return undefined;
    const text = first(headers, `x-ratelimit-reset-${kind}`) ?? first(headers, `x-rate-limit-reset-${kind}`);
    return duration(text) ?? secondsOrDate(text, now);
  });
  const known = waits.filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function secondsOrDate(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!Number.isNaN(seconds)) return positive(seconds * 1000);
  return positive(Date.parse(text) - now);
}

/** OpenAI's `6m0s`, `1.5s`, `20ms`. */
function duration(text: string | undefined): number | undefined {
  if (text === undefined || !/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  const unit: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  let sum = 0;
  for (const [, value, name] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    sum += Number(value) * (unit[name ?? ""] ?? 0);
  }
  return positive(sum);
}

function positive(ms: number): number | undefined {
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

function first(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  const text = Array.isArray(value) ? value[0] : value;
  return text === undefined || text.trim() === "" ? undefined : text.trim();
}
