// One browser and one fake server per test file.

import { after, before } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Session } from "../../web/shared/wire/contract.ts";
import { type Visit, builtPage, launch, visit } from "./browser.ts";
import { type FakeChat, startFakeChat } from "./fake-chat.ts";
import type { Beat } from "./fake-run.ts";
import { SESSION } from "./script.ts";

export interface Stage {
  chat: FakeChat;
  browser: Browser;
  /** Opens a page on a path, with a context of its own. */
  visit(path?: string, options?: BrowserContextOptions): Promise<Visit>;
}

/** Starts what the tests of a file share. `answers` maps the beginning of a question to its script; "" answers all others. */
export function stage(
  skip: string | undefined,
  answers: Record<string, (question: string, time: number) => Iterable<Beat>>,
  session: Session = SESSION,
): Stage {
  const shared = {} as Stage;
  before(async () => {
    if (skip) return;
    const answer = (question: string, time: number): Iterable<Beat> => {
      const key = Object.keys(answers).find((each) => each !== "" && question.startsWith(each)) ?? "";
      return answers[key]?.(question, time) ?? [];
    };
    shared.chat = await startFakeChat({ pageFolder: await builtPage(), session, answer });
    shared.browser = await launch();
    shared.visit = (path = "/", options = {}) => visit(shared.browser, shared.chat.url + path, options);
  });
  after(async () => {
    await shared.browser?.close();
    await shared.chat?.close();
  });
  return shared;
}

export async function ask(page: Page, question: string): Promise<void> {
  const field = page.getByRole("textbox", { name: "Your question" });
  await field.fill(question);
  await field.press("Enter");
}

/** Waits until the last answer has ended in the given way. */
export async function ended(page: Page, status = "complete"): Promise<void> {
  await page.locator(`article.answer[data-status="${status}"]:last-of-type`).waitFor();
}

/** Waits until an expression holds in the page. (playwright's own waitForFunction needs eval, which the page's policy forbids.) */
export async function until(page: Page, expression: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await page.evaluate(expression))) {
    if (Date.now() > deadline) throw new Error(`Never came true in the page: ${expression}`);
    await page.waitForTimeout(30);
  }
}

/** Waits until the server has what the page already shows: the page does not wait for it. */
export async function reaches<T>(read: () => T, expected: T): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (read() !== expected) {
    if (Date.now() > deadline)
      throw new Error(`The server has ${String(read())} where ${String(expected)} was expected.`);
    await setTimeout(10);
  }
}
