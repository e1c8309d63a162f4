// Every state of the page in every kind of window: access, overflow, and where things stand.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import { noBrowser } from "./browser.ts";
import { assertNoOverflow } from "./overflow.ts";
import { SESSION, say, wholeAnswer } from "./script.ts";
import { ask, ended, stage, until } from "./setup.ts";

const skip = noBrowser();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const notice = "Set OPENAI_API_KEY, or name a model in flowstead.yaml, then start again.";
const shared = stage(
  skip,
  {
    "": () => wholeAnswer({ pieceMs: 0 }),
    gated: () => wholeAnswer({ gate: "never", pieceMs: 0 }),
    broken: () => [say({ type: "error", errorText: "The model refused the key. Set OPENAI_API_KEY to a valid one." })],
  },
  { ...SESSION, model: { id: "extractive", isLanguageModel: false, notice } },
);

/** Every rule of WCAG 2.0 to 2.2, A and AA, and axe's best practices. */
async function assertAccessible(page: Page, where: string): Promise<void> {
  // Colours are measured when they have settled.
  await until(page, "document.getAnimations().every((each) => each.effect.getTiming().iterations === Infinity)");
  if (await page.evaluate("typeof axe === 'undefined'")) await page.evaluate(axe);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const found = (await page.evaluate(`axe.run({ runOnly: ${JSON.stringify(tags)}, resultTypes: ["violations"] })`)) as {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  const violations = found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
  assert.deepEqual(violations, [], where);
}
const SCREENS: [string, BrowserContextOptions][] = [
  ["wide light", { colorScheme: "light", reducedMotion: "reduce" }],
  ["wide dark", { colorScheme: "dark", reducedMotion: "reduce" }],
  ["forced colours", { forcedColors: "active", reducedMotion: "reduce" }],
  ["390 px light", { colorScheme: "light", viewport: { width: 390, height: 780 } }],
  ["320 px dark", { colorScheme: "dark", viewport: { width: 320, height: 640 } }],
];

for (const [name, options] of SCREENS) {
  test(`no accessibility violation and no overflow in any state: ${name}`, { skip }, async () => {
    const { page, context, complaints } = await shared.visit("/", options);
    const check = async (state: string): Promise<void> => {
      await assertAccessible(page, `${name}, ${state}`);
      await assertNoOverflow(page, `${name}, ${state}`);
    };
    await page.getByText(notice).waitFor();
    await check("start");
    await ask(page, "gated");
    await page.getByText("Part-timers have leave").waitFor();
    await check("streaming");
    await page.getByRole("button", { name: "Stop", exact: true }).click();
    await ended(page, "stopped");
    await check("stopped");
    await page.getByRole("button", { name: "Bad answer" }).click();
    await page.getByRole("form", { name: "Feedback" }).waitFor();
    await check("feedback");
    await ask(page, "broken");
    await ended(page, "error");
    await check("error");
    await ask(page, "plain");
    await ended(page);
    await page.locator(".steps-head").last().click();
    await check("complete");
    await page.locator(".cite").last().click();
    await page.getByText("Every employee has a leave account.").waitFor();
    await check("source");
    await page.getByRole("button", { name: "Next source" }).click();
    await page.getByRole("cell", { name: "Wedding" }).waitFor();
    await page.getByText("Every employee has a leave account.").waitFor();
    await check("source with tables");
    await page.keyboard.press("Escape");
    const opener = page.getByRole("button", { name: "Show conversations" });
    if (await opener.isVisible()) await opener.click();
    await page
      .getByRole("button", { name: /^Options for/ })
      .first()
      .click();
    await page.getByRole("menu").waitFor();
    await check("menu");
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("dialog").waitFor();
    await check("dialog");
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

for (const viewport of [
  { width: 1280, height: 860 },
  { width: 320, height: 640 },
]) {
  test(
    `what a new visitor sees stands on one edge, without scrolling sideways: ${viewport.width} px`,
    { skip },
    async () => {
      const { page, context } = await shared.visit("/", { viewport });
      const about = page.getByRole("complementary", { name: "About the model" });
      await about.waitFor();
      // Where the words begin, not their boxes.
      const edges =
        (await page.evaluate(`[".start h1", ".start-line", ".notice-text", ".start-try", ".examples span", "textarea"]
      .map((each) => document.querySelector(each).getBoundingClientRect().left)`)) as number[];
      assert.ok(Math.max(...edges) - Math.min(...edges) < 1.5, edges.join(", "));
      const [notice, composer] = await Promise.all([about.boundingBox(), page.locator(".composer-box").boundingBox()]);
      assert.ok(
        notice && composer && Math.abs(notice.x - composer.x) < 1.5 && Math.abs(notice.width - composer.width) < 3,
      );
      const [content, view, wide, room] =
        (await page.evaluate(`(({ scrollHeight, clientHeight, scrollWidth, clientWidth }) =>
      [scrollHeight, clientHeight, scrollWidth, clientWidth])(document.querySelector(".start"))`)) as number[];
      assert.equal(wide, room);
      if (viewport.height > 700) assert.equal(content, view);
      await context.close();
    },
  );
}

test("the notice says once what answers, and names the settings as code", { skip }, async () => {
  const { page, context } = await shared.visit();
  const about = page.getByRole("complementary", { name: "About the model" });
  await about.getByText(notice).waitFor();
  assert.equal((await about.innerText()).match(/language model/gi)?.length, 1);
  assert.deepEqual(await about.locator("code").allTextContents(), ["OPENAI_API_KEY"]);
  await context.close();
});
