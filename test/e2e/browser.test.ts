// A person in a browser, the whole system behind the page, and a model server that takes its time.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { type FakeModelServer, startFakeModel } from "../../src/model/fake/server.ts";
import { launch, noBrowser, visit } from "../web/browser.ts";
import { ask, ended } from "../web/setup.ts";
import { type System, startSystem, temporaryHome } from "./system.ts";

const skip = noBrowser();
const ANSWER = "Full-time employees accrue 26 days of vacation per year. [1] ";
const LINE = "This is a long answer that goes on and on, word after word, line after line. ";
const LONG = LINE.repeat(12);
/** Ten minutes of it: no machine is so slow that it ends by itself before it is stopped. */
const ENDLESS = LINE.repeat(2_000);

let fake: FakeModelServer;
let extractive: System;
let modelled: System;
let browser: Browser;
const homes = [await temporaryHome(), await temporaryHome()] as const;

before(async () => {
  if (skip) return;
  fake = await startFakeModel({
    script: {
      firstTokenMs: 100,
      tokensPerSecond: 60,
      reply: ({ lastText }) => (lastText.startsWith("Endless") ? ENDLESS : lastText.startsWith("Long") ? LONG : ANSWER),
    },
  });
  browser = await launch();
  [extractive, modelled] = await Promise.all([
    startSystem({ home: homes[0].home }),
    startSystem({ home: homes[1].home, env: { OPENAI_BASE_URL: `${fake.url}/v1`, OPENAI_MODEL: "fake-model" } }),
  ]);
});
after(async () => {
  if (skip) return;
  await browser.close();
  await Promise.all([extractive.stop(), modelled.stop(), fake.close()]);
  await Promise.all(homes.map(({ remove }) => remove()));
});

const answerText = (page: Page): Promise<string> => page.locator(".md").last().innerText();

test("an example question is answered with steps, citations and an open source", { skip }, async () => {
  const { page, context, complaints } = await visit(browser, extractive.url);
  await page.getByText("not a language model").first().waitFor();
  await page.getByText("OPENAI_API_KEY").first().waitFor();
  await page
    .getByRole("button", { name: /vacation/i })
    .first()
    .click();
  await ended(page);
  assert.match(await answerText(page), /26 days/);
  await page
    .getByText(/Searched the documents/)
    .first()
    .waitFor();
  const chip = page.locator(".md").last().getByRole("button").first();
  await chip.click();
  const source = page.getByRole("complementary").last();
  await source.getByText("Vacation and Leave").first().waitFor();
  assert.match((await source.locator("mark").allInnerTexts()).join(" "), /26 days of vacation/);
  await page.keyboard.press("Escape");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a follow-up question is understood", { skip }, async () => {
  const { page, context } = await visit(browser, extractive.url);
  await ask(page, "How many days of vacation do full-time employees get?");
  await ended(page);
  await ask(page, "And for part-timers?");
  await page
    .getByText(/14 days/)
    .last()
    .waitFor();
  await context.close();
});

test("stop ends the model's call, and what was said stays", { skip }, async () => {
  const { page, context } = await visit(browser, modelled.url);
  await ask(page, "Endless answer, please");
  await page.getByText("This is a long answer").last().waitFor();
  const call = fake.journal.entries.at(-1);
  assert.equal(call?.outcome, "open", "the model is still writing");
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await ended(page, "stopped");
  await fake.journal.until((entry) => entry === call);
  assert.equal(call.outcome, "aborted");
  assert.match(await answerText(page), /^This is a long answer/);
  await context.close();
});

test("a reload in mid-answer goes on where it was: nothing lost, nothing twice", { skip }, async () => {
  const { page, context, complaints } = await visit(browser, modelled.url);
  await ask(page, "Long answer to reload");
  await page.getByText("This is a long answer").last().waitFor();
  await page.reload();
  await page.getByText("This is a long answer").last().waitFor();
  const another = await context.newPage();
  await another.goto(page.url());
  await ended(page);
  await ended(another);
  assert.equal((await answerText(page)).trim(), LONG.trim());
  assert.equal((await answerText(another)).trim(), LONG.trim());
  assert.equal(await page.getByRole("article", { name: "You asked" }).count(), 1);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a model that refuses is said in the chat, and the next question works", { skip }, async () => {
  const { page, context } = await visit(browser, modelled.url);
  await page.getByText("not a language model").waitFor({ state: "detached" });
  fake.script({ faults: [{ path: "chat", times: 0, fault: { kind: "status", status: 401 } }] });
  await ask(page, "Hello?");
  await ended(page, "error");
  assert.match(await page.locator(".failure").last().innerText(), /key/i);
  fake.reset();
  await page.getByRole("button", { name: "Retry" }).click();
  await ended(page);
  assert.match(await answerText(page), /26 days/);
  await context.close();
});
