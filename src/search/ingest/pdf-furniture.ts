import type { Line } from "./pdf-line.ts";

const EDGE_LINES = 2;
const FEWEST_PAGES = 3;

/** Pages without their running heads and feet: lines at an edge that come again on most pages, numbers aside. */
export function withoutFurniture(pages: readonly Line[][]): Line[][] {
  const filled = pages.filter((lines) => lines.length > 0).length;
  if (filled < FEWEST_PAGES) return [...pages];
  const seen = new Map<string, number>();
  for (const lines of pages) {
    for (const key of new Set(edges(lines).map(keyOf))) seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  return pages.map((lines) => {
    const running = new Set(edges(lines).filter((line) => (seen.get(keyOf(line)) ?? 0) >= filled * 0.6));
    return lines.filter((line) => !running.has(line));
  });
}

function edges(lines: readonly Line[]): Line[] {
  const byHeight = [...lines].sort((a, b) => b.y - a.y);
  return [...new Set([...byHeight.slice(0, EDGE_LINES), ...byHeight.slice(-EDGE_LINES)])];
}

function keyOf({ text, y }: Line): string {
  return `${Math.round(y / 4)} ${text.replaceAll(/\d+/g, "#").toLowerCase()}`;
}
