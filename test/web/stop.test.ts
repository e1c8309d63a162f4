// A stop that comes at an awkward moment: before its question, before anything is asked, while the server cannot be told.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page, Route } from "playwright-core";
import { noBrowser } from "./browser.ts";
import { wholeAnswer } from "./script.ts";
import { ask, ended, reaches, stage } from "./setup.ts";

const skip = noBrowser();
const shared = stage(skip, {
  "": () => wholeAnswer({ pieceMs: 0 }),
  // Never opened: it ends by a stop or not at all.
  gated: () => wholeAnswer({ gate: "never", pieceMs: 0 }),
});

const pressStop = (page: Page): Promise<void> => page.getByRole("button", { name: "Stop", exact: true }).click();
const questionsAsked = (): number => shared.chat.requests.filter(({ line }) => line === "POST /api/chat").length;
const isRunning = (page: Page): boolean =>
  shared.chat.conversations.get(page.url().split("/").at(-1) ?? "")?.run?.done === false;

/** Holds the requests that fit until the function returned is called. */
async function hold(page: Page, fits: (url: URL, method: string) => boolean): Promise<() => void> {
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/api/**", async (route: Route) => {
    if (fits(new URL(route.request().url()), route.request().method())) await released;
    // A page that took its request back has no use for it.
    await route.continue().catch(() => undefined);
  });
  return release;
}

test("a stop that overtakes its question stops it when it has arrived", { skip }, async () => {
  const { page, context } = await shared.visit();
  const release = await hold(page, ({ pathname }) => pathname === "/api/chat");
  await ask(page, "gated, and held on its way");
  const [refused] = await Promise.all([page.waitForResponse(/\/stop$/), pressStop(page)]);
  assert.equal(refused.status(), 404);
  release();
  await ended(page, "stopped");
  await reaches(() => isRunning(page), false);
  await context.close();
});

test("a stop before another answer was asked for keeps the one that is there", { skip }, async () => {
  const { page, context } = await shared.visit();
  await ask(page, "plain");
  await ended(page);
  const before = await page.locator(".md").innerText();
  const asked = questionsAsked();
  const release = await hold(
    page,
    ({ pathname }, method) => method === "GET" && /^\/api\/conversations\/./.test(pathname),
  );
  await page.getByRole("button", { name: "Answer again" }).click();
  await pressStop(page);
  release();
  await ended(page);
  assert.equal(await page.locator(".md").innerText(), before);
  assert.equal(questionsAsked(), asked);
  await context.close();
});

test("a stop that cannot be told is not called one, and Retry shows what is being written", { skip }, async () => {
  const { page, context } = await shared.visit();
  await ask(page, "gated, and not to be reached");
  await page.getByText("Part-timers have leave").waitFor();
  await page.route("**/stop", (route) => route.abort());
  await pressStop(page);
  await page.locator(".failure").getByText("The server could not be told to stop").waitFor();
  assert.ok(isRunning(page));
  await page.unroute("**/stop");
  await page.getByRole("button", { name: "Retry" }).click();
  await page.getByText("Part-timers have leave").waitFor();
  await pressStop(page);
  await ended(page, "stopped");
  await reaches(() => isRunning(page), false);
  await context.close();
});
