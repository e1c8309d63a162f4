import type { Line } from "./line.ts";

const EDGE_LINES = 2;
const FEWEST_PAGES = 3;
const FEW_PAGES = 4;

/**
 * Pages without their running heads and feet: lines that stand at the same edge of several pages and differ by the page
 * number at most. Heads that name the chapter are on some pages only, so a few are enough in a long document.
 */
export function withoutFurniture(pages: readonly Line[][]): Line[][] {
  const filled = pages.filter((lines) => lines.length > 0).length;
  // A few pages show no pattern, but a number that is the page's own tells nothing else.
  if (filled < FEWEST_PAGES) return pages.map((lines, page) => withoutNumber(lines, page + 1));
  const enough = Math.min(filled * 0.6, FEW_PAGES);
  const seen = new Map<string, number>();
  pages.forEach((lines, page) => {
    for (const key of new Set(edges(lines).flatMap((line) => keysOf(line, page)))) {
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  });
  const left = pages.map((lines, page) => {
    const isRunning = (line: Line): boolean => keysOf(line, page).some((key) => (seen.get(key) ?? 0) >= enough);
    const running = new Set(edges(lines).filter(isRunning));
    return lines.filter((line) => !running.has(line));
  });
  // Where nothing else is on any page, it is the text.
  return left.some((lines) => lines.length > 0) ? left : pages.map((lines) => [...lines]);
}

function withoutNumber(lines: readonly Line[], page: number): Line[] {
  const alone = new RegExp(`^(?:\\p{L}{1,6}\\.? ?)?[-–]? ?${page} ?[-–]?(?: ?(?:/|\\p{L}{2,4}) ?\\d{1,4})?$`, "u");
  const byHeight = [...lines].sort((a, b) => b.y - a.y);
  const outer = [byHeight[0], byHeight.at(-1)];
  return lines.length < 3 ? [...lines] : lines.filter((line) => !outer.includes(line) || !alone.test(line.text));
}

function edges(lines: readonly Line[]): Line[] {
  const byHeight = [...lines].sort((a, b) => b.y - a.y);
  return [...new Set([...byHeight.slice(0, EDGE_LINES), ...byHeight.slice(-EDGE_LINES)])];
}

/** The line as it is, and with its first or its last number told as the distance from the page's place in the file. */
function keysOf({ text, y }: Line, page: number): string[] {
  const place = Math.round(y / 4);
  const plain = text.toLowerCase();
  const distance = (number: string): string => `#${Number(number) - page}#`;
  const first = plain.replace(/\d+/, distance);
  const last = plain.replace(/\d+(?=\D*$)/, distance);
  return [...new Set([plain, first, last])].map((key) => `${place} ${key}`);
}
