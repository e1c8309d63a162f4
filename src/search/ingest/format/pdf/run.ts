// What a page says, as runs of glyphs in the direction they are read in: pages, tables and notes at the side may be turned.

import type { FontTables } from "./font.ts";
import { withLigatures } from "./ligature.ts";
import type { TextRun } from "./line.ts";
import type { Rule, Rules } from "./rule.ts";

/** Runs of one direction; turned so that their lines lie. */
export interface TurnedRuns {
  runs: TextRun[];
  /** What is drawn on the page, turned likewise. */
  turnRules(rules: Rules): Rules;
}

/** As pdf.js gives it. */
interface TextItem {
  str: string;
  transform: readonly number[];
  width: number;
  hasEOL: boolean;
  fontName: string;
}

type Page = Parameters<typeof withLigatures>[1] &
  Parameters<FontTables["leftOut"]>[0] & { getTextContent(): Promise<{ items: readonly unknown[] }> };

/** Quarters of a turn. */
type Turn = 0 | 1 | 2 | 3;

// Arabic letters in the forms they have in a word, and ligatures of Latin letters: searched for in their plain form.
const PRESENTED = /[\uFB00-\uFB06\uFB13-\uFB17\uFB1D-\uFDFF\uFE70-\uFEFC]/;

/** Most of the text first. */
export async function turnedRuns(page: Page, fonts: FontTables): Promise<TurnedRuns[]> {
  const { items } = await page.getTextContent();
  const turned = new Map<Turn, TextRun[]>();
  const unread = new Set<string>();
  const texts = await withLigatures(items as TextItem[], page);
  for (const [at, item] of (items as TextItem[]).entries()) {
    const text = texts[at];
    if (text === undefined) continue;
    const [a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = item.transform;
    const turn = ((Math.round(Math.atan2(b, a) / (Math.PI / 2)) + 4) % 4) as Turn;
    const [x, y] = turnPoint(turn, e, f);
    const said = fonts.known(text);
    if (said.length < text.length) unread.add(item.fontName);
    const str = PRESENTED.test(said) ? said.normalize("NFKC") : said;
    const runs = turned.get(turn) ?? [];
    turned.set(turn, runs);
    runs.push({ str, x, y, width: item.width, fontSize: Math.hypot(c, d), hasEOL: item.hasEOL });
  }
  if (unread.size > 0) await fonts.leftOut(page, unread);
  const length = (runs: readonly TextRun[]): number => runs.reduce((sum, { str }) => sum + str.length, 0);
  return [...turned]
    .sort((one, other) => length(other[1]) - length(one[1]))
    .map(([turn, runs]) => ({ runs, turnRules: (rules) => turnedRules(turn, rules) }));
}

function turnPoint(turn: Turn, x: number, y: number): [x: number, y: number] {
  if (turn === 1) return [y, -x];
  if (turn === 2) return [-x, -y];
  return turn === 3 ? [-y, x] : [x, y];
}

function turnedRules(turn: Turn, { horizontal, vertical }: Rules): Rules {
  const mirrored = ({ at, from, to }: Rule): Rule => ({ at, from: -to, to: -from });
  const moved = ({ at, from, to }: Rule): Rule => ({ at: -at, from, to });
  if (turn === 1) return { horizontal: vertical.map(moved), vertical: horizontal.map(mirrored) };
  if (turn === 3) return { horizontal: vertical.map(mirrored), vertical: horizontal.map(moved) };
  if (turn === 0) return { horizontal, vertical };
  const both = (rule: Rule): Rule => moved(mirrored(rule));
  return { horizontal: horizontal.map(both), vertical: vertical.map(both) };
}
