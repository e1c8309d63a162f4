import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { noBrowser } from "./browser.ts";
import { append, newConversation } from "./fake-conversation.ts";
import { wholeAnswer } from "./script.ts";
import { ask, ended, reaches, stage, until } from "./setup.ts";

const skip = noBrowser();
const shared = stage(skip, { "": () => wholeAnswer({ pieceMs: 0 }) });
const DAY_MS = 86_400_000;

function store(id: string, title: string, daysAgo: number, messages = 0): void {
  const at = new Date(Date.now() - daysAgo * DAY_MS).toISOString();
  const conversation = newConversation(id, title, at);
  for (let n = 0; n < messages; n++) {
    append(conversation, {
      id: `${id}-m${n}`,
      role: n % 2 === 0 ? "user" : "assistant",
      createdAt: at,
      status: "complete",
      parts: [{ type: "text", text: `${n % 2 === 0 ? "Question" : "Answer"} ${n} with **some** words.` }],
    });
  }
  shared.chat.conversations.set(id, conversation);
}

const list = (page: Page): Locator => page.getByRole("navigation", { name: "Conversations" });

test("conversations are grouped by day, searched by title, and opened", { skip }, async () => {
  store("a", "Warranty of the L-200", 0, 2);
  store("b", "Parental leave", 1, 2);
  store("c", "Travel expenses", 40, 2);
  const { page, context, complaints } = await shared.visit();
  const rows = list(page);
  await rows.getByRole("link", { name: "Parental leave" }).waitFor();
  assert.deepEqual((await rows.getByRole("heading").allTextContents()).slice(0, 2), ["Today", "Yesterday"]);
  await rows.getByRole("searchbox").fill("travel");
  await rows.getByRole("link", { name: "Parental leave" }).waitFor({ state: "detached" });
  await rows.getByRole("link", { name: "Travel expenses" }).click();
  await page.getByText("Question 0 with **some** words.").waitFor();
  assert.match(page.url(), /\/c\/c$/);
  assert.equal(await rows.getByRole("link", { name: "Travel expenses" }).getAttribute("aria-current"), "page");
  // One conversation at a time, whichever way leads to it.
  await rows.getByRole("searchbox").fill("");
  await rows.getByRole("link", { name: "Parental leave" }).click();
  await until(page, "document.title.startsWith('Parental leave')");
  await page.goBack();
  await until(page, "document.title.startsWith('Travel expenses')");
  await page.getByText("Question 0 with **some** words.").waitFor();
  assert.deepEqual(
    [
      await page.locator(".thread").count(),
      await page.locator(".question").count(),
      await page.locator("form").count(),
    ],
    [1, 1, 1],
  );
  await rows.getByRole("searchbox").fill("nothing like it");
  await rows.getByText("No title contains this.").waitFor();
  await page.goBack();
  await page.getByRole("heading", { level: 1 }).waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test("rename and delete by keyboard, with a question before deleting", { skip }, async () => {
  store("d", "Old name", 0, 2);
  const { page, context, complaints } = await shared.visit("/c/d");
  const options = page.getByRole("button", { name: "Options for Old name" });
  await options.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Rename" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "New title" }).waitFor();
  await page.keyboard.type("New name");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "New name" }).waitFor();
  await until(page, "document.title.startsWith('New name')");
  await reaches(() => shared.chat.conversations.get("d")?.title, "New name");

  // A name that cannot be given is taken back everywhere, and the reason stands there.
  shared.chat.fault.down = true;
  await page.getByRole("button", { name: "Options for New name" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "New title" }).fill("Never");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("The title could not be changed. The server cannot be reached.").waitFor();
  await page.getByRole("link", { name: "New name" }).waitFor();
  await until(page, "document.title.startsWith('New name')");
  shared.chat.fault.down = false;

  await page.getByRole("button", { name: "Options for New name" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Delete this conversation?" });
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.ok(shared.chat.conversations.has("d"));

  await page.getByRole("button", { name: "Options for New name" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("link", { name: "New name" }).waitFor({ state: "detached" });
  await reaches(() => shared.chat.conversations.has("d"), false);
  assert.match(page.url(), /\/$/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("long lists come in pages, and keep them when they are loaded anew", { skip }, async () => {
  for (let n = 0; n < 110; n++) store(`page-${n}`, `Paged ${n}`, 100 + n);
  const { page, context, complaints } = await shared.visit();
  const rows = page.getByRole("link", { name: /^Paged/ });
  await rows.first().waitFor();
  const first = await rows.count();
  assert.ok(first <= 40);
  shared.chat.fault.down = true;
  await page.getByRole("button", { name: "Show older" }).click();
  await page.getByRole("alert").getByText("Older conversations could not be loaded.").waitFor();
  assert.equal(await rows.count(), first);
  shared.chat.fault.down = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("alert").waitFor({ state: "detached" });
  assert.equal(await rows.count(), first + 40);
  await page.getByRole("button", { name: "Show older" }).click();
  await page.getByRole("link", { name: "Paged 109" }).waitFor();
  assert.equal(await rows.count(), 110);
  // More than the server hands out at once: a new conversation comes in above, and the end is still there.
  await ask(page, "plain");
  await ended(page);
  await list(page).getByRole("link", { name: "plain" }).waitFor();
  await page.getByRole("link", { name: "Paged 109" }).waitFor();
  assert.equal(await rows.count(), 110);
  // While the server is away, what was loaded stays.
  shared.chat.fault.down = true;
  await page.getByRole("searchbox").fill("Paged 1");
  await page.getByText("The list could not be loaded.").waitFor();
  assert.equal(await rows.count(), 110);
  shared.chat.fault.down = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("link", { name: "Paged 69" }).waitFor({ state: "detached" });
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a conversation that does not exist is said to be so", { skip }, async () => {
  const { page, context } = await shared.visit("/c/nowhere");
  await page.getByRole("heading", { name: "This conversation does not exist" }).waitFor();
  await page.getByRole("button", { name: "Start a new chat" }).click();
  await ask(page, "plain");
  await ended(page);
  await context.close();
});

test("on a phone the list is a drawer, and Esc closes it", { skip }, async () => {
  store("phone", "From the phone", 0, 2);
  const { page, context } = await shared.visit("/", { viewport: { width: 390, height: 780 } });
  await page.getByRole("heading", { level: 1 }).waitFor();
  const link = page.getByRole("link", { name: "From the phone" });
  assert.equal(await link.count(), 0);
  const opener = page.getByRole("button", { name: "Show conversations" });
  await opener.click();
  await link.waitFor();
  await page.keyboard.press("Escape");
  await link.waitFor({ state: "hidden" });
  assert.equal(await page.evaluate("document.activeElement.ariaLabel"), "Show conversations");
  await opener.click();
  await link.click();
  await page.getByText("Question 0").waitFor();
  await link.waitFor({ state: "hidden" });
  await context.close();
});

test(
  "a conversation of 400 messages shows its end at once, and the rest on demand without a jump",
  { skip },
  async () => {
    store("long", "A long one", 0, 400);
    const { page, context } = await shared.visit("/c/long");
    await page.getByText("Answer 399 with some words.").waitFor();
    assert.equal(await page.getByRole("article").count(), 60);
    const top = page.getByText("Question 340 with");
    await top.scrollIntoViewIfNeeded();
    const before = await top.boundingBox();
    await page.evaluate("document.querySelector('.older').click()");
    await page.getByText("Question 280 with").waitFor({ state: "attached" });
    assert.equal(await page.getByRole("article").count(), 120);
    const after = await top.boundingBox();
    assert.ok(before && after && Math.abs(before.y - after.y) < 2, `${before?.y} became ${after?.y}`);
    await context.close();
  },
);
