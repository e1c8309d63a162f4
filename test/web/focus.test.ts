// A button that leaves the page with what it did does not take the focus with it: who uses the keyboard goes on from there.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { noBrowser } from "./browser.ts";
import { SESSION, say, wholeAnswer } from "./script.ts";
import { ask, ended, stage, until } from "./setup.ts";

const skip = noBrowser();
const shared = stage(
  skip,
  {
    "": () => wholeAnswer({ pieceMs: 0 }),
    gated: () => wholeAnswer({ gate: "never", pieceMs: 0 }),
    broken: () => [say({ type: "error", errorText: "The model is away." })],
  },
  { ...SESSION, model: { id: "extractive", isLanguageModel: false, notice: "Set OPENAI_API_KEY." } },
);

async function press(page: Page, button: Locator): Promise<void> {
  await button.focus();
  await page.keyboard.press("Enter");
}

const hasFocus = (page: Page, label: string): Promise<void> =>
  until(page, `document.activeElement.ariaLabel === ${JSON.stringify(label)}`);

test("Stop, Retry, another answer and the way to the end leave the focus in the composer", { skip }, async () => {
  const { page, context } = await shared.visit("/", { viewport: { width: 1280, height: 500 } });
  const composer = "Your question";
  await ask(page, "gated");
  await page.getByText("Part-timers have leave").waitFor();
  await press(page, page.getByRole("button", { name: "Stop", exact: true }));
  await ended(page, "stopped");
  await hasFocus(page, composer);
  await ask(page, "broken");
  await ended(page, "error");
  await press(page, page.getByRole("button", { name: "Retry" }));
  await ended(page, "error");
  await hasFocus(page, composer);
  await ask(page, "plain");
  await ended(page);
  await press(page, page.getByRole("button", { name: "Answer again" }));
  await page.getByText("2 / 2").last().waitFor();
  await hasFocus(page, composer);
  await page.evaluate("document.querySelector('.thread').scrollTop = 0");
  await press(page, page.getByRole("button", { name: "Latest" }));
  await hasFocus(page, composer);
  await context.close();
});

test("notice, versions, feedback and renaming give the focus back", { skip }, async () => {
  const { page, context } = await shared.visit();
  await press(page, page.getByRole("button", { name: "Close this notice" }));
  await hasFocus(page, "No language model: what this means");
  await ask(page, "plain");
  await ended(page);
  await press(page, page.getByRole("button", { name: "Answer again" }));
  await page.getByText("2 / 2").waitFor();
  await press(page, page.getByRole("button", { name: "Previous answer" }));
  await page.getByText("1 / 2").waitFor();
  await hasFocus(page, "Next answer");
  await press(page, page.getByRole("button", { name: "Bad answer" }));
  await press(page, page.getByRole("button", { name: "Send feedback" }));
  await page.getByRole("form", { name: "Feedback" }).waitFor({ state: "detached" });
  await hasFocus(page, "Bad answer");
  for (const [key, title] of [
    ["Escape", "plain"],
    ["Enter", "Leave"],
  ] as const) {
    await press(page, page.getByRole("button", { name: "Options for plain" }));
    await press(page, page.getByRole("menuitem", { name: "Rename" }));
    await page.getByRole("textbox", { name: "New title" }).fill("Leave");
    await page.keyboard.press(key);
    await hasFocus(page, `Options for ${title}`);
  }
  await context.close();
});

test("a double click on Send asks, and does not stop what it has asked", { skip }, async () => {
  const { page, context } = await shared.visit();
  const stops = (): number => shared.chat.requests.filter(({ line }) => line.endsWith("/stop")).length;
  const before = stops();
  await page.getByRole("textbox", { name: "Your question" }).fill("gated: twice");
  await page.getByRole("button", { name: "Send" }).dblclick();
  await page.getByText("Part-timers have leave").waitFor();
  assert.equal(stops(), before);
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await ended(page, "stopped");
  await context.close();
});
