// What holds for the page as a whole: policy, hostile answers, weight, speed.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import type { Page } from "playwright-core";
import { builtPage, noBrowser } from "./browser.ts";
import { HOSTILE } from "./hostile.ts";
import { assertNoOverflow } from "./overflow.ts";
import { CITATIONS, nodePart, say, textAnswer, wholeAnswer } from "./script.ts";
import { ask, ended, stage } from "./setup.ts";

const skip = noBrowser();
const shared = stage(skip, {
  "": () => wholeAnswer({ pieceMs: 0 }),
  hostile: () => hostile(),
  fast: () => fast(),
  line: () => textAnswer("x".repeat(200_000)),
  שלום: () => textAnswer(`- ${"אב".repeat(40)}\n- ${"w".repeat(100)}\n\n> ${"fi".repeat(60)}`),
});

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
