// Nothing of the page may stand beyond its window.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";

export async function assertNoOverflow(page: Page, where: string): Promise<void> {
  const [content, view] = (await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")) as number[];
  assert.ok((content ?? 0) <= (view ?? 0), `${where}: ${content} px in ${view} px`);
  const cut = await page.evaluate(`[...document.querySelectorAll("button, a, h1, .question, .md-block")]
    .filter((each) => each.checkVisibility() && !each.closest("[inert], .rows, .table, pre"))
    .map((each) => [each.className || each.tagName, each.getBoundingClientRect()])
    .filter(([, box]) => box.width > 1 && (box.right > innerWidth + 1 || box.left < -1))
    .map(([name, box]) => name + " " + box.left + ".." + box.right)
    .filter((each) => !each.startsWith("skip"))`);
  assert.deepEqual(cut, [], where);
}
