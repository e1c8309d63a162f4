// The forty questions about the sample documents, asked through the whole system with nothing configured.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import OpenAI from "openai";
import { type Answer, ask } from "./chat-client.ts";
import { type System, runCommand, startSystem, temporaryHome } from "./system.ts";

interface Question {
  question: string;
  answer: string;
  source: string;
}

const SOURCES_WANTED = 40;
const ANSWERS_WANTED = 34;

const questions = readFileSync("examples/documents/questions.jsonl", "utf8")
  .split("\n")
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Question);

const { home, remove } = await temporaryHome();
let system: System;
before(async () => {
  system = await startSystem({ home });
});
after(async () => {
  await system.stop();
  await remove();
});

test("the extractive model answers the forty questions from the right documents", async (context) => {
  assert.equal(questions.length, 40);
  let sources = 0;
  let answers = 0;
  const misses: string[] = [];
  const asked = questions.values();
  const askAll = async (): Promise<void> => {
    for (const one of asked) await judge(one);
  };
  const judge = async ({ question, answer: phrase, source }: Question): Promise<void> => {
    const answer = await ask(system.url, question);
    const found = answer.citations.slice(0, 3).some((citation) => citation.source.endsWith(source));
    const said = squeeze(answer.text).includes(squeeze(phrase));
    if (found) sources++;
    if (said) answers++;
    if (!found || !said)
      misses.push(`${found ? "" : "[source] "}${said ? "" : "[phrase] "}${question} => ${answer.text}`);
  };
  // A few people at once: the flow's instances answer beside one another.
  await Promise.all([askAll(), askAll(), askAll()]);
  context.diagnostic(`right source among the first three citations: ${sources} of 40; answer phrase: ${answers} of 40`);
  for (const miss of misses) context.diagnostic(miss);
  assert.ok(sources >= SOURCES_WANTED, `${sources} of 40 sources\n${misses.join("\n")}`);
  assert.ok(answers >= ANSWERS_WANTED, `${answers} of 40 answers\n${misses.join("\n")}`);
});

test("every citation of an answer stands in the text and rests on its passage", async () => {
  const answer: Answer = await ask(system.url, questions[0]?.question ?? "");
  assert.ok(answer.citations.length > 0);
  for (const { n, text, spans } of answer.citations) {
    assert.ok(answer.text.includes(`[${n}]`));
    for (const { start, end } of spans) assert.ok(start >= 0 && end <= text.length && start < end);
  }
  assert.deepEqual(
    answer.seqs,
    answer.seqs.map((_, index) => index + 1),
  );
});

test("a follow-up is understood with the question before it", async () => {
  const first = await ask(system.url, "How many days of vacation do full-time employees get?");
  assert.match(first.text, /26 days/);
  const second = await ask(system.url, "And for part-timers?", first.conversation);
  assert.match(second.text, /14 days/);
});

test("what the documents do not say is said to be missing", async () => {
  const answer = await ask(system.url, "Which football club won the championship in 1987?");
  assert.match(answer.text, /not found in the documents/i);
  assert.equal(answer.citations.length, 0);
});

test("a folder added while it runs is answered from, and gone after its removal", async () => {
  const folder = path.join(home, "..", "more");
  const { mkdir, writeFile } = await import("node:fs/promises");
  await mkdir(folder);
  await writeFile(
    path.join(folder, "kettle.md"),
    "# Kettle\n\nThe Zwickau kettle boils one litre of water in 93 seconds.\n",
  );
  await writeFile(path.join(folder, "broken.pdf"), "%PDF-1.7\nthis is no PDF");
  const added = await runCommand(["index", "add", folder, "--home", home]);
  assert.equal(added.code, 0, added.stderr);
  assert.match(added.stdout, /1 added.*1 failed/);
  assert.match(added.stdout, /not indexed: .*broken\.pdf: \S/);
  assert.match(
    (await runCommand(["index", "list", "--home", home])).stdout,
    /more {2}1 documents, 1 passages, 1 failed/,
  );
  assert.match((await runCommand(["index", "add", folder, "--home", home])).stdout, /0 added, 1 unchanged/);
  assert.match((await ask(system.url, "How long does the Zwickau kettle need to boil a litre?")).text, /93 seconds/);
  assert.equal((await runCommand(["index", "remove", folder, "--home", home])).code, 0);
  assert.doesNotMatch(
    (await ask(system.url, "How long does the Zwickau kettle need to boil a litre?")).text,
    /93 seconds/,
  );
  assert.match((await runCommand(["index", "status", "--home", home, "--json"])).stdout, /"documents": 17/);
});

test("the openai package and plain HTTP reach the same flow with the endpoint's key", async () => {
  const printed = await runCommand(["online-endpoint", "get-credentials", "-n", "chat", "-o", "json", "--home", home]);
  const { primaryKey } = JSON.parse(printed.stdout) as { primaryKey: string };
  const client = new OpenAI({ apiKey: primaryKey, baseURL: `${system.url}/v1`, maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "On which day of the month are salaries paid?" }];
  const whole = await client.chat.completions.create({ model: "chat", messages });
  assert.match(whole.choices[0]?.message.content ?? "", /27th/);
  let streamed = "";
  for await (const chunk of await client.chat.completions.create({ model: "chat", messages, stream: true })) {
    streamed += chunk.choices[0]?.delta.content ?? "";
  }
  assert.equal(streamed, whole.choices[0]?.message.content);
  const score = await fetch(`${system.url}/endpoints/chat/score`, {
    method: "POST",
    headers: { authorization: `Bearer ${primaryKey}`, accept: "text/event-stream" },
    body: JSON.stringify({ question: messages[0]?.content }),
  });
  const frames = (await score.text()).split("\n\n").filter(Boolean);
  assert.match(frames[0] ?? "", /^data: \{"documents":\[\{/);
  const pieces = frames
    .slice(1)
    .map((frame) => (JSON.parse(frame.slice("data: ".length)) as { answer: string }).answer);
  assert.ok(pieces.length > 1, "one piece is no stream");
  assert.equal(pieces.join(""), streamed);
});

/** White space and marks aside, so that a phrase counts wherever it stands. */
function squeeze(text: string): string {
  return text.toLowerCase().replace(/[*_`]/g, "").replace(/\s+/g, " ");
}
