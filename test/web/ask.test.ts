import assert from "node:assert/strict";
import { test } from "node:test";
import { noBrowser } from "./browser.ts";
import { ANSWER, CITATIONS, SESSION, wholeAnswer } from "./script.ts";
import { ask, ended, stage, until } from "./setup.ts";

const skip = noBrowser();
const shared = stage(skip, { "": () => wholeAnswer(), "gate-": (question) => wholeAnswer({ gate: question }) });

test(
  "a new visitor sees what is answered here, from how much, and examples that ask themselves",
  { skip },
  async () => {
    const { page, context, complaints } = await shared.visit();
    await page.getByRole("heading", { level: 1, name: SESSION.title }).waitFor();
    await page.getByText("15 documents").waitFor();
    assert.equal(await page.getByRole("complementary", { name: "About the model" }).count(), 0);
    const example = SESSION.examples[1] ?? "";
    await page.getByRole("button", { name: example }).click();
    await page.getByRole("article", { name: "You asked" }).getByText(example).waitFor();
    await ended(page);
    assert.match(page.url(), /\/c\/[0-9a-f-]{36}$/);
    assert.deepEqual(complaints, []);
    await context.close();
  },
);

test("steps appear in plain words while they run, and fold to one line", { skip }, async () => {
  const { page, context } = await shared.visit();
  await ask(page, "gate-steps");
  const answer = page.getByRole("article", { name: "Answer" });
  await answer.getByRole("button", { name: /Writing the answer/, expanded: true }).waitFor();
  const steps = answer.getByRole("listitem");
  assert.match((await steps.nth(0).textContent()) ?? "", /^Searched the documents.*\d+ ms$/);
  assert.match((await steps.nth(1).textContent()) ?? "", /^Format sources/);
  assert.match((await steps.nth(2).textContent()) ?? "", /^Prepared/);
  await answer.getByText("Part-timers have leave").waitFor();
  assert.equal(await page.getByRole("button", { name: "Stop", exact: true }).count(), 1);
  shared.chat.open("gate-steps");
  await ended(page);
  const head = answer.getByRole("button", { name: /Searched the documents, wrote the answer/ });
  assert.equal(await head.getAttribute("aria-expanded"), "false");
  await head.click();
  assert.match((await answer.locator(".steps-list li").last().textContent()) ?? "", /Wrote the answer.*1\.2 s/);
  await context.close();
});

test("the answer is rendered, and the model's text is what is copied", { skip }, async () => {
  const { page, context, complaints } = await shared.visit("/", { permissions: ["clipboard-read", "clipboard-write"] });
  await ask(page, "How much leave?");
  await ended(page);
  const answer = page.getByRole("article", { name: "Answer" });
  assert.equal(await answer.getByRole("cell").count(), 6);
  assert.equal(await answer.locator("strong").first().textContent(), "in proportion to their hours");
  await answer.getByRole("button", { name: "Copy answer" }).click();
  assert.equal(await page.evaluate("navigator.clipboard.readText()"), ANSWER);
  await page.evaluate("navigator.clipboard.writeText('something else')");

  // Where the page came over plain http there is no clipboard: what is selected can be copied still, or the page says no.
  await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })");
  await answer.getByRole("button", { name: "Copy answer" }).click();
  await answer.getByRole("button", { name: "Copied" }).waitFor();
  await page.evaluate("delete navigator.clipboard");
  assert.equal(await page.evaluate("navigator.clipboard.readText()"), ANSWER);
  await answer.getByRole("button", { name: "Copy answer" }).waitFor();
  await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })");
  await page.evaluate("document.execCommand = () => false");
  await answer.getByRole("button", { name: "Copy answer" }).click();
  await answer.getByRole("alert").getByText("does not let the page copy").waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a citation opens its passage with the words marked; Esc leads back to the citation", { skip }, async () => {
  const { page, context, complaints } = await shared.visit();
  await ask(page, "How much leave?");
  await ended(page);
  const chip = page.getByRole("button", { name: "Source 1: Employee handbook" }).first();
  await chip.hover();
  assert.equal(await page.locator(".tip").textContent(), "Source 1: Employee handbook");
  await chip.focus();
  await page.keyboard.press("Enter");
  const panel = page.getByRole("complementary", { name: "Employee handbook" });
  await panel.getByText("Leave › Part-time staff").waitFor();
  assert.deepEqual(await panel.locator("mark").allTextContents(), ["someone who works three days a week has 17 days"]);
  assert.equal(await panel.locator(".passage").textContent(), CITATIONS[0]?.text);
  await panel.getByText("Every employee has a leave account.").waitFor();
  await panel.getByText("The manager answers within three working days.").waitFor();
  assert.equal(await page.evaluate("document.activeElement.id"), "source-title");
  await page.keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
  assert.equal(await page.evaluate("document.activeElement.dataset.cite"), "1");

  // What the check did not find in a passage is told beside it, and why.
  await page.getByRole("button", { name: "Works agreement 2026 Page 4 May not say what is cited" }).click();
  await page.getByRole("complementary").getByText("Page 4").waitFor();
  const doubts = page.getByRole("region", { name: "Not found in this passage" });
  assert.match((await doubts.textContent()) ?? "", /Leave that lapses is paid out.*the source denies.*negation/s);
  await page.getByRole("button", { name: "Next source" }).click();
  await page.getByRole("complementary").getByText("How to ask for it").waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test("tables and lists of a passage are shown as such, with the marks where the words are", { skip }, async () => {
  const { page, context, complaints } = await shared.visit();
  await ask(page, "How much leave?");
  await ended(page);
  await page.getByRole("button", { name: "1 more passage found" }).click();
  await page.getByRole("button", { name: "3 Employee handbook" }).click();
  const passage = page.locator(".passage");
  const table = passage.getByRole("table").first();
  assert.deepEqual(await table.getByRole("columnheader").allTextContents(), ["Kind of leave", "Days", "Who decides"]);
  const cells = ["Moving house | <b>once a year</b>", "1 day", "Line manager", "Wedding", "2 days", ""];
  assert.deepEqual(await table.getByRole("cell").allTextContents(), cells);
  const align = await page.evaluate(`getComputedStyle(document.querySelectorAll(".passage td")[1]).textAlign`);
  assert.equal(align, "end");
  assert.deepEqual(await passage.locator("mark").allTextContents(), [
    "Moving house | <b>once a year</b>",
    "1 day",
    "who stands in",
    "the form",
  ]);
  assert.deepEqual(await passage.getByRole("listitem").allInnerTexts(), [
    "the dates\nand who stands in",
    "and who stands in",
    "the form",
    "The manager signs.",
    "Payroll is told.",
  ]);
  assert.equal(await passage.locator("b").count(), 0);
  assert.doesNotMatch((await passage.textContent()) ?? "", /---/);
  // Only the table that is too wide scrolls, never the panel.
  const [panel, narrow, wide] = (await page.evaluate(`[".source-body", ".passage .passage-table"]
    .flatMap((each) => [...document.querySelectorAll(each)])
    .map((each) => each.scrollWidth - each.clientWidth)`)) as number[];
  assert.deepEqual([panel, narrow], [0, 0]);
  assert.ok((wide ?? 0) > 50);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("on a small screen the passage is a sheet over the conversation", { skip }, async () => {
  const { page, context } = await shared.visit("/", { viewport: { width: 390, height: 780 } });
  await ask(page, "How much leave?");
  await ended(page);
  await page.getByRole("button", { name: "Source 2: Works agreement 2026" }).first().click();
  const sheet = page.getByRole("dialog", { name: "Works agreement 2026" });
  assert.equal(await sheet.locator("mark").textContent(), "Leave that lapses is not paid o");
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
  assert.equal(await page.evaluate("document.activeElement.dataset.cite"), "2");
  await context.close();
});

test("sources that the text names stand under the answer, the others on demand", { skip }, async () => {
  const { page, context } = await shared.visit();
  await ask(page, "How much leave?");
  await ended(page);
  const sources = page.getByRole("group", { name: "Sources" });
  assert.equal(await sources.getByRole("listitem").count(), 2);
  await sources.getByRole("button", { name: "1 more passage found" }).click();
  assert.equal(await sources.getByRole("listitem").count(), 3);
  await context.close();
});

test("a thumb is stored at once, reasons and comment with the form", { skip }, async () => {
  const { page, context } = await shared.visit();
  await ask(page, "How much leave?");
  await ended(page);
  const id = await page.locator(".answer").getAttribute("data-message");
  const sent = (): unknown[] =>
    shared.chat.requests.filter(({ line }) => line === `POST /api/messages/${id}/feedback`).map(({ body }) => body);
  const down = page.getByRole("button", { name: "Bad answer" });
  await down.click();
  assert.equal(await down.getAttribute("aria-pressed"), "true");
  await page.getByLabel("Incomplete").check();
  await page.getByLabel("Comment").fill("Nothing about Fridays.");
  await page.getByRole("button", { name: "Send feedback" }).click();
  await page.getByRole("form", { name: "Feedback" }).waitFor({ state: "detached" });
  assert.deepEqual(sent(), [{ value: -1 }, { value: -1, reasons: ["Incomplete"], comment: "Nothing about Fridays." }]);
  await down.click();
  await until(page, "document.querySelector('[aria-label=\"Bad answer\"]').ariaPressed === 'false'");
  assert.deepEqual(sent().at(-1), { value: 0 });
  await context.close();
});

test("a follow-up goes to the same conversation, by keyboard alone", { skip }, async () => {
  const { page, context } = await shared.visit();
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.getByRole("button", { name: "New chat" }).focus();
  await page.keyboard.press("/");
  await page.keyboard.type("First line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line");
  await page.keyboard.press("Enter");
  await ended(page);
  await page.keyboard.type("And for part-timers?");
  await page.keyboard.press("Enter");
  await page.locator(".answer").nth(1).waitFor();
  await ended(page);
  const questions = page.locator(".question");
  assert.deepEqual(await questions.allTextContents(), ["First line\nsecond line", "And for part-timers?"]);
  const posts = shared.chat.requests.filter(({ line }) => line === "POST /api/chat").slice(-2);
  const [first, second] = posts.map(({ body }) => body as { id: string; trigger: string; messages: unknown[] });
  assert.equal(first?.id, second?.id);
  assert.deepEqual([second?.trigger, second?.messages.length], ["submit-message", 1]);
  await context.close();
});

test("only start and end are announced; streaming text is no live region", { skip }, async () => {
  const { page, context } = await shared.visit();
  await ask(page, "gate-announced");
  await page.getByRole("status").getByText("Looking for an answer.").waitFor();
  shared.chat.open("gate-announced");
  await ended(page);
  await page.getByRole("status").getByText("The answer is complete, with 3 sources.").waitFor();
  assert.equal(await page.locator(".thread [aria-live], .thread [role=status], .thread [role=log]").count(), 0);
  await context.close();
});

test("a model that is no language model is named as such, dismissably and reachably", { skip }, async () => {
  const notice = "Set OPENAI_API_KEY and start again.";
  shared.chat.session = { ...SESSION, model: { id: "extractive", isLanguageModel: false, notice } };
  const { page, context } = await shared.visit();
  const banner = page.getByRole("complementary", { name: "About the model" });
  await banner.getByText("No language model is configured.").waitFor();
  await banner.getByText(notice).waitFor();
  await banner.getByRole("button", { name: "Close this notice" }).click();
  await page.reload();
  const chip = page.getByRole("button", { name: "No language model: what this means" });
  await chip.waitFor();
  assert.equal(await banner.count(), 0);
  await chip.click();
  await banner.getByText(notice).waitFor();
  await context.close();
  shared.chat.session = SESSION;
});
