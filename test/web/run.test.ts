// Stop, failure, reload, second tabs and bad networks. The measure is always the same: the text on the page is the text of the
// run, nothing lost and nothing twice.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page } from "playwright-core";
import type { StreamPart } from "../../web/shared/wire/contract.ts";
import { noBrowser, watch } from "./browser.ts";
import { ANSWER, nodePart, say, textAnswer, wholeAnswer } from "./script.ts";
import { ask, ended, reaches, stage, until } from "./setup.ts";

const skip = noBrowser();
const shared = stage(skip, {
  "": () => wholeAnswer({ pieceMs: 1 }),
  gated: () => wholeAnswer({ gate: "never", pieceMs: 1 }),
  "gate-": (question) => wholeAnswer({ gate: question, pieceMs: 1 }),
  broken: (_, time) =>
    time === 1
      ? [
          say(nodePart("answer", "llm", "llm", "running")),
          say({ type: "error", errorText: "The model refused the key." }),
        ]
      : textAnswer("Now it works."),
  dropped: () => dropped(),
  restarted: () => restarted(),
  empty: () => textAnswer(""),
  "too long": () => [
    say(cutShort(nodePart("answer", "llm", "llm", "completed", 9))),
    ...textAnswer("And so it goes on and"),
  ],
  cutoff: () => [say({ type: "text-delta", id: "t1", delta: "Only the begin" })],
});

function cutShort(part: StreamPart): StreamPart {
  return part.type === "data-node" ? { ...part, data: { ...part.data, cutShort: "length" } } : part;
}

function* dropped() {
  for (const [at, beat] of [...wholeAnswer({ pieceMs: 1 })].entries()) {
    if (at % 40 === 30) yield { cut: true } as const;
    yield beat;
  }
}

function* restarted() {
  yield say(nodePart("lookup", "python", "search", "running"));
  yield say({ type: "text-delta", id: "t1", delta: "Half a wrong ans" });
  yield say({ type: "data-restart", data: { reason: "the instance died" } });
  yield* textAnswer("The right answer.");
}

/** The text that the answer must show, as it stands in the page. */
let expected: string | undefined;
async function expectedText(): Promise<string> {
  if (expected !== undefined) return expected;
  const { page, context } = await shared.visit();
  await ask(page, "plain");
  await ended(page);
  expected = await shownText(page);
  await context.close();
  assert.ok(expected.includes("except when the employment ends"));
  return expected;
}

const failure = (page: Page, text: string): Locator => page.locator(".failure").getByText(text);
const shownText = (page: Page): Promise<string> => page.locator(".md").last().innerText();

test("stop keeps what was said, tells the server, and says so", { skip }, async () => {
  const { page, context } = await shared.visit();
  await ask(page, "gated: stop me");
  await page.getByText("Part-timers have leave").waitFor();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await ended(page, "stopped");
  const answer = page.getByRole("article", { name: "Answer" });
  await answer.getByText("Stopped", { exact: true }).waitFor();
  assert.match(await shownText(page), /^Part-timers have leave/);
  const id = page.url().split("/").at(-1);
  await reaches(() => shared.chat.requests.some(({ line }) => line === `POST /api/chat/${id}/stop`), true);
  await page.getByRole("button", { name: "Send" }).waitFor();
  await context.close();
});

test("an answer that is empty, or cut off at its limit, says so, and still does after a reload", { skip }, async () => {
  const { page, context } = await shared.visit();
  await ask(page, "empty");
  await page.getByText("The answer is empty", { exact: true }).waitFor();
  await ask(page, "too long");
  const said = page.getByText("Cut off at the limit of length", { exact: true });
  await said.waitFor();
  await page.reload();
  await said.waitFor();
  await context.close();
});

test("Esc in the composer stops, too", { skip }, async () => {
  const { page, context } = await shared.visit();
  await ask(page, "gated: stop me by key");
  await page.getByText("Part-timers have leave").waitFor();
  await page.keyboard.press("Escape");
  await ended(page, "stopped");
  await context.close();
});

test("an error is told in the server's words, and Retry asks again", { skip }, async () => {
  const { page, context, complaints } = await shared.visit();
  await ask(page, "broken");
  await ended(page, "error");
  await failure(page, "The model refused the key.").waitFor();
  assert.equal(await page.locator(".spinner, .waiting").count(), 0);
  await page.getByRole("button", { name: "Retry" }).click();
  await page.getByText("Now it works.").last().waitFor();
  assert.equal(await failure(page, "The model refused the key.").count(), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test(
  "a question that the server refuses stands with its reason, and Retry sends the same message",
  { skip },
  async () => {
    const { page, context } = await shared.visit();
    shared.chat.fault.refuse = {
      status: 429,
      code: "too_many",
      message: "Too many questions. Try again in 20 seconds.",
    };
    await ask(page, "plain but refused");
    await failure(page, "Too many questions. Try again in 20 seconds.").waitFor();
    await page.getByRole("button", { name: "Retry" }).click();
    await ended(page);
    const posts = shared.chat.requests.filter(({ line }) => line === "POST /api/chat").slice(-2);
    const [first, second] = posts.map(({ body }) => body as { trigger: string; messages: { id: string }[] });
    assert.equal(second?.trigger, "submit-message");
    assert.equal(first?.messages[0]?.id, second?.messages[0]?.id);
    assert.equal(await page.getByRole("article", { name: "You asked" }).count(), 1);
    await context.close();
  },
);

test("another answer replaces the last one", { skip }, async () => {
  const { page, context } = await shared.visit();
  await ask(page, "plain");
  await ended(page);
  const before = await page.locator(".answer").getAttribute("data-message");
  await page.getByRole("button", { name: "Answer again" }).click();
  await until(page, `document.querySelector(".answer[data-status=complete]")?.dataset.message !== "${before}"`);
  await ended(page);
  const post = shared.chat.requests.findLast(({ line }) => line === "POST /api/chat")?.body as Record<string, unknown>;
  assert.deepEqual([post.trigger, post.messageId], ["regenerate-message", before]);
  assert.equal(await page.locator(".answer").count(), 1);
  assert.equal(await shownText(page), await expectedText());
  await context.close();
});

test("versions: another answer, another wording, and the way between them", { skip }, async () => {
  const { page, context, complaints } = await shared.visit();
  await ask(page, "restarted: first wording");
  await ended(page);
  await page.getByRole("button", { name: "Answer again" }).click();
  const answers = page.getByRole("group", { name: "Versions of this answer" });
  await answers.getByText("2 / 2").waitFor();
  const second = await page.locator(".answer").getAttribute("data-message");
  await answers.getByRole("button", { name: "Previous answer" }).click();
  await answers.getByText("1 / 2").waitFor();
  assert.notEqual(await page.locator(".answer").getAttribute("data-message"), second);

  await page.getByRole("button", { name: "Edit question" }).focus();
  await page.keyboard.press("Enter");
  const field = page.getByRole("textbox", { name: "Question in other words" });
  assert.equal(await field.inputValue(), "restarted: first wording");
  await page.keyboard.press("Escape");
  await until(page, "document.activeElement.ariaLabel === 'Edit question'");
  await page.keyboard.press("Enter");
  await field.fill("restarted: second wording");
  await page.keyboard.press("Enter");
  const wordings = page.getByRole("group", { name: "Versions of this question" });
  await wordings.getByText("2 / 2").waitFor();
  assert.deepEqual(await page.locator(".question").allTextContents(), ["restarted: second wording"]);
  await wordings.getByRole("button", { name: "Previous wording" }).click();
  await page.getByText("restarted: first wording", { exact: true }).last().waitFor();
  await answers.waitFor();
  await page.reload();
  await wordings.getByText("1 / 2").waitFor();

  // While the server is away the page says so beside what was pressed, and what can be read stays.
  shared.chat.fault.down = true;
  await wordings.getByRole("button", { name: "Next wording" }).click();
  await wordings.getByRole("alert").getByText("The server cannot be reached").waitFor();
  assert.deepEqual(await page.locator(".question").allTextContents(), ["restarted: first wording"]);
  assert.ok(await page.locator(".answer .md").isVisible());
  shared.chat.fault.down = false;
  await wordings.getByRole("button", { name: "Next wording" }).click();
  await wordings.getByText("2 / 2").waitFor();
  assert.equal(await page.getByRole("alert").count(), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a restart drops what the first attempt had shown", { skip }, async () => {
  const { page, context } = await shared.visit();
  await ask(page, "restarted");
  await ended(page);
  assert.equal(await shownText(page), "The right answer.");
  await context.close();
});

test("reload in mid-answer: nothing is lost or doubled", { skip }, async () => {
  const whole = await expectedText();
  const { page, context, complaints } = await shared.visit();
  await ask(page, "gate-reload");
  await page.getByText("Part-timers have leave").waitFor();
  const before = await shownText(page);
  await page.reload();
  await page.getByText("Part-timers have leave").waitFor();
  await page.getByRole("button", { name: "Stop", exact: true }).waitFor();
  assert.ok((await shownText(page)).length >= before.length);
  shared.chat.open("gate-reload");
  await ended(page);
  assert.equal(await shownText(page), whole);
  assert.equal(await page.getByRole("article").count(), 2);
  await page.reload();
  await ended(page);
  assert.equal(await shownText(page), whole);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("how long an answer took is the same after a reload; one that was stopped tells no time", { skip }, async () => {
  const { page, context } = await shared.visit();
  const time = page.locator(".steps-head .steps-time");
  await ask(page, "plain");
  await ended(page);
  assert.equal(await time.textContent(), "1.4 s");
  await page.reload();
  await ended(page);
  assert.equal(await time.textContent(), "1.4 s");
  await ask(page, "gated");
  await page.getByText("Part-timers have leave").nth(1).waitFor();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await ended(page, "stopped");
  await page.reload();
  await ended(page, "stopped");
  assert.equal(await time.count(), 1);
  await context.close();
});

test("two tabs show the same run, and a new question appears in both", { skip }, async () => {
  const whole = await expectedText();
  const { page, context, complaints } = await shared.visit();
  await ask(page, "gate-tabs");
  await page.getByText("Part-timers have leave").waitFor();
  const second = await context.newPage();
  watch(second, shared.chat.url, complaints);
  await second.goto(page.url());
  await second.getByText("Part-timers have leave").waitFor();
  shared.chat.open("gate-tabs");
  await ended(page);
  await ended(second);
  assert.deepEqual([await shownText(page), await shownText(second)], [whole, whole]);
  await ask(second, "plain follow-up");
  await page.getByText("plain follow-up").waitFor();
  await page.locator(".answer").nth(1).waitFor();
  await ended(page);
  assert.equal(await shownText(page), whole);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a question while another tab's answer runs comes back to the composer", { skip }, async () => {
  const { page, context } = await shared.visit();
  await ask(page, "gated: other tab");
  await page.getByText("Part-timers have leave").waitFor();
  const address = page.url();
  const other = await shared.visit("/");
  // A tab that was opened before the run began, and hears nothing of it: other contexts share no channel.
  shared.chat.fault.refuse = { status: 409, code: "run_active", message: "An answer is being written." };
  await other.page.goto(address);
  await other.page.getByRole("button", { name: "Stop", exact: true }).click();
  await ended(other.page, "stopped");
  await ask(other.page, "too early");
  await other.page.getByText("Another answer is being written in this conversation.").waitFor();
  assert.equal(await other.page.getByRole("textbox", { name: "Your question" }).inputValue(), "too early");
  assert.equal(await other.page.getByRole("article", { name: "You asked" }).count(), 1);
  await context.close();
  await other.context.close();
});

test("a connection that breaks in mid-answer is taken up where it broke", { skip }, async () => {
  const whole = await expectedText();
  const { page, context, complaints } = await shared.visit();
  await ask(page, "gate-drop");
  await page.getByText("Part-timers have leave").waitFor();
  const attached = page.waitForRequest(/\/stream\?after=[1-9]\d*$/);
  shared.chat.cut();
  await attached;
  shared.chat.open("gate-drop");
  await ended(page);
  assert.equal(await shownText(page), whole);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("connections that break again and again still end in the whole answer", { skip }, async () => {
  const whole = await expectedText();
  const { page, context } = await shared.visit();
  await ask(page, "dropped");
  await ended(page);
  assert.equal(await shownText(page), whole);
  await context.close();
});

test("while the server is away the page says that it reconnects, and then goes on", { skip }, async () => {
  const whole = await expectedText();
  const { page, context } = await shared.visit();
  await ask(page, "gate-away");
  await page.getByText("Part-timers have leave").waitFor();
  shared.chat.fault.down = true;
  shared.chat.cut();
  await page.getByText("Reconnecting …").waitFor();
  shared.chat.open("gate-away");
  shared.chat.fault.down = false;
  await ended(page);
  assert.equal(await shownText(page), whole);
  assert.equal(await page.getByText("Reconnecting …").count(), 0);
  await context.close();
});

test("a proxy that holds streams back: the page polls, and shows progress before the end", { skip }, async () => {
  const whole = await expectedText();
  shared.chat.fault.buffering = true;
  try {
    const { page, context } = await shared.visit();
    await ask(page, "gate-proxy");
    await page.getByText("Part-timers have leave").waitFor();
    shared.chat.open("gate-proxy");
    await ended(page);
    assert.equal(await shownText(page), whole);
    // The next question in the same conversation must not be answered with the log of the last run.
    await ask(page, "restarted");
    await page.locator(".answer").nth(1).waitFor();
    await ended(page);
    assert.equal(await shownText(page), "The right answer.");
    await context.close();
  } finally {
    shared.chat.fault.buffering = false;
  }
});

test("a server that is not there is an error with Retry, not a spinner", { skip }, async () => {
  const { page, context } = await shared.visit();
  await page.getByRole("heading", { level: 1 }).waitFor();
  shared.chat.fault.down = true;
  try {
    await ask(page, "plain");
    await failure(page, "The server cannot be reached.").waitFor();
  } finally {
    shared.chat.fault.down = false;
  }
  await page.getByRole("button", { name: "Retry" }).click();
  await ended(page);
  assert.equal(await page.getByRole("article", { name: "You asked" }).count(), 1);
  await context.close();
});

test("a run that ends without a last word is interrupted, with Retry", { skip }, async () => {
  const { page, context } = await shared.visit();
  await ask(page, "cutoff");
  await page.getByText("The answer was interrupted before it was complete.").waitFor();
  await page.getByText("Only the begin").waitFor();
  assert.equal(await page.getByRole("button", { name: "Retry" }).count(), 1);
  await context.close();
});

test("the whole of ANSWER reaches the page", { skip }, async () => {
  const text = (await expectedText()).replaceAll(/\s+/g, " ");
  for (const words of ["in proportion to their hours", "28 days", "23 days", "31 March"]) {
    assert.ok(ANSWER.includes(words) && text.includes(words), words);
  }
});
