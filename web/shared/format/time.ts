const DAY_MS = 86_400_000;

/** "Today", "Yesterday", "Last 7 days", or the month. */
export function dayGroup(time: string | number, now = new Date()): string {
  const date = new Date(time);
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  if (date.getTime() >= midnight) return "Today";
  if (date.getTime() >= midnight - DAY_MS) return "Yesterday";
  if (date.getTime() >= midnight - 6 * DAY_MS) return "Last 7 days";
  const sameYear = date.getFullYear() === now.getFullYear();
  return date.toLocaleDateString("en", sameYear ? { month: "long" } : { month: "long", year: "numeric" });
}

/** "80 ms", "1.4 s", "2 min 5 s". */
export function duration(ms: number): string {
  if (ms < 950) return `${Math.max(1, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
