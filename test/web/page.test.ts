// What holds for the page as a whole: access, policy, hostile answers, weight, speed.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import type { BrowserContextOptions, Page } from "playwright-core";
import { builtPage, noBrowser } from "./browser.ts";
import { HOSTILE } from "./hostile.ts";
import { CITATIONS, SESSION, nodePart, say, textAnswer, wholeAnswer } from "./script.ts";
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
    hostile: () => hostile(),
    fast: () => fast(),
    line: () => textAnswer("x".repeat(200_000)),
    שלום: () => textAnswer(`- ${"אב".repeat(40)}\n- ${"w".repeat(100)}\n\n> ${"fi".repeat(60)}`),
  },
  { ...SESSION, model: { id: "extractive", isLanguageModel: false, notice } },
);

const FAST_TEXT = Array.from(
  { length: 120 },
  (_, at) =>
    `## Part ${at}\n\nSome **words** about [1] and \`code\`, in a paragraph of a usual length that wraps once.\n`,
).join("\n");

function* hostile() {
  const [first] = CITATIONS;
  if (first)
    yield say({ type: "data-citation", id: "citation-1", data: { ...first, title: `"><img src=x onerror=alert(1)>` } });
  yield* textAnswer(HOSTILE);
}

function* fast() {
  const [first] = CITATIONS;
  if (first) yield say({ type: "data-citation", id: "citation-1", data: first });
  for (const [at, delta] of (FAST_TEXT.match(/[^]{1,5}/g) ?? []).entries()) {
    if (at % 5 === 0) yield { waitMs: 1 };
    yield say({ type: "text-delta", id: "t1", delta });
  }
  yield say(nodePart("answer", "llm", "llm", "completed", 100));
  yield say({ type: "finish" });
}

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

async function assertNoOverflow(page: Page, where: string): Promise<void> {
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

/** From now on: the processor's time that the page's own thread takes, in milliseconds, however busy the machine is. */
async function watchWork(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const read = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN);
  };
  const before = await read();
  return async () => Math.round((await read()) - before);
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

test(
  "a hostile answer does nothing: no script, no request, no frame, no form, no foreign style",
  { skip },
  async () => {
    const { page, context, complaints } = await shared.visit();
    await ask(page, "hostile");
    await ended(page);
    assert.deepEqual(complaints, []);
    const left = await page.evaluate(`[...document.querySelectorAll(".md *")]
    .flatMap((each) => [each.localName, ...[...each.attributes].map((attribute) => each.localName + "@" + attribute.name)])
    .filter((each) => /^(img|script|iframe|form|input|style|svg|math|object|embed|video|audio|link|meta|base)$|@(on|style|id|name|src|srcset|formaction|popover|is)/.test(each))`);
    assert.deepEqual(left, []);
    const links = (await page.evaluate(
      `[...document.querySelectorAll(".md a")].map((each) => [each.protocol, each.rel, each.target])`,
    )) as string[][];
    assert.ok(links.length > 0);
    for (const [protocol, rel, target] of links) {
      assert.match(protocol ?? "", /^(https?|mailto):$/);
      assert.match(rel ?? "", /\bnoopener\b.*\bnoreferrer\b/);
      assert.equal(target, "_blank");
    }
    // What was meant as a picture is there as words.
    await page.getByText("(pixel.example)").first().waitFor();
    assert.equal(await page.evaluate("globalThis.hacked"), undefined);
    await context.close();
  },
);

test("one line of 200 000 characters does not freeze the page", { skip }, async () => {
  const { page, context } = await shared.visit();
  await page.getByText("documents").first().waitFor();
  const spentMs = await watchWork(page);
  await ask(page, "line");
  await ended(page);
  await page.getByRole("textbox", { name: "Your question" }).fill("still alive");
  const spent = await spentMs();
  assert.ok(spent < 2_000, `${spent} ms`);
  await assertNoOverflow(page, "long line");
  await context.close();
});

test("words longer than a line, and lists from right to left, stay in their box", { skip }, async () => {
  const { page, context } = await shared.visit("/", { viewport: { width: 320, height: 640 } });
  await ask(page, `שלום ${"w".repeat(300)}`);
  await ended(page);
  const beyond = await page.evaluate(`[...document.querySelectorAll(".question, .md-block")].flatMap((each) => {
    const box = each.getBoundingClientRect();
    const { paddingLeft, paddingRight } = getComputedStyle(each);
    const range = document.createRange();
    range.selectNodeContents(each);
    const lines = [...range.getClientRects()];
    const right = Math.max(...lines.map((line) => line.right)) - box.right + parseFloat(paddingRight);
    const left = box.left + parseFloat(paddingLeft) - Math.min(...lines.map((line) => line.left));
    return right < 1 && left < 1 && each.scrollWidth <= each.clientWidth ? [] : [each.className + " " + left + " " + right];
  })`);
  assert.deepEqual(beyond, []);
  const marks = await page.evaluate(`["ul", "blockquote"].map((each) => {
    const { direction, paddingRight } = getComputedStyle(document.querySelector(".md " + each));
    return direction + " " + (parseFloat(paddingRight) > 0);
  })`);
  assert.deepEqual(marks, ["rtl true", "ltr false"]);
  await assertNoOverflow(page, "long words");
  await context.close();
});

test("a fast stream is drawn as it comes, and ends as the whole text", { skip }, async () => {
  const { page, context } = await shared.visit();
  await page.getByRole("heading", { level: 1 }).waitFor();
  const spentMs = await watchWork(page);
  await ask(page, "fast");
  await ended(page);
  assert.equal(await page.locator(".md h2").count(), 120);
  assert.equal(await page.locator(".md .cite").count(), 120);
  const last = await page.locator(".md-block").last().boundingBox();
  assert.ok(last && last.y > 0 && last.y < 860, "the page follows the end of the text");
  // Re-parsing the whole text each frame would take many times as long.
  const spent = await spentMs();
  assert.ok(spent < 4_000, `${spent} ms`);
  await context.close();
});

test("a reader who scrolls up is left in peace, and one button leads back", { skip }, async () => {
  const { page, context } = await shared.visit("/", { viewport: { width: 1280, height: 600 } });
  await ask(page, "fast");
  await page.getByRole("heading", { name: "Part 20", exact: true }).waitFor();
  await page.mouse.move(700, 300);
  await page.mouse.wheel(0, -2_000);
  await page.getByRole("button", { name: "Latest" }).waitFor();
  // What the reader looks at must not move, although text grows below and the steps come in above.
  const seen = page.getByRole("heading", { name: "Part 10", exact: true });
  await seen.scrollIntoViewIfNeeded();
  await page.waitForTimeout(200);
  const before = await seen.boundingBox();
  await ended(page);
  const after = await seen.boundingBox();
  assert.ok(before && after && Math.abs(before.y - after.y) < 2, `${before?.y} became ${after?.y}`);
  await page.getByRole("button", { name: "Latest" }).click();
  await page.getByRole("button", { name: "Latest" }).waitFor({ state: "detached" });
  await context.close();
});

test("the theme can be chosen, is remembered, and holds before the first paint", { skip }, async () => {
  const { page, context } = await shared.visit("/", { colorScheme: "light" });
  const background = (): Promise<unknown> => page.evaluate("getComputedStyle(document.body).backgroundColor");
  const light = await background();
  await page.getByRole("button", { name: "Theme: system. Change to light" }).click();
  await page.getByRole("button", { name: "Theme: light. Change to dark" }).click();
  const dark = await background();
  assert.notEqual(dark, light);
  await page.reload();
  assert.equal(await background(), dark);
  await page.getByRole("button", { name: "Theme: dark. Change to system" }).click();
  assert.equal(await background(), light);
  await context.close();
});

test("a draft survives a reload", { skip }, async () => {
  const { page, context } = await shared.visit();
  const field = page.getByRole("textbox", { name: "Your question" });
  await field.fill("Half a ques");
  await page.reload();
  assert.equal(await field.inputValue(), "Half a ques");
  await context.close();
});

test("the first load is at most 110 kB of scripts, brotli, and inlines nothing", async () => {
  const folder = await builtPage();
  const html = readFileSync(path.join(folder, "index.html"), "utf8");
  const scripts = [...html.matchAll(/<script[^>]*src="\/([^"]+)"/g)].map((match) => match[1] ?? "");
  const preloads = [...html.matchAll(/rel="modulepreload"[^>]*href="\/([^"]+)"/g)].map((match) => match[1] ?? "");
  const bytes = [...scripts, ...preloads].map(
    (file) => brotliCompressSync(readFileSync(path.join(folder, file))).length,
  );
  const total = bytes.reduce((sum, each) => sum + each, 0);
  assert.ok(total > 20_000 && total <= 110_000, `${total} bytes`);
  assert.doesNotMatch(html, /<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=/);
  assert.ok(existsSync(path.join(folder, "assets", "fonts-OFL.txt")));
  for (const file of readdirSync(path.join(folder, "assets"))) {
    assert.match(file, /-[\w-]{8}\.(js|css|woff2)(\.br)?$|^fonts-OFL\.txt$/);
  }
});
