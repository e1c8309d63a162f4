import assert from "node:assert/strict";
import { test } from "node:test";
import { answerTo, NO_DOCUMENTS, NOT_FOUND } from "../../../src/model/provider/extractive/compose.ts";
import type { ChatMessage } from "../../../src/model/chat-model.ts";
import { PAIRS, type Pair, PASSAGES, UNANSWERABLE } from "./corpus.ts";

/** The prompt of a documents flow: passages in the system message, the turns, the question. */
function messagesOf({ question, passages, earlier = [] }: Pair): ChatMessage[] {
  const documents = passages.map((key, at) => {
    const { title, body } = PASSAGES[key] ?? { title: "", body: "" };
    return `<document id="${at + 1}" title="${title}">\n${body}\n</document>`;
  });
  return [
    { role: "system", content: `Answer from these documents and cite them.\n\n${documents.join("\n")}` },
    ...earlier.flatMap(([asked, answered]): ChatMessage[] => [
      { role: "user", content: asked },
      { role: "assistant", content: answered },
    ]),
    { role: "user", content: question },
  ];
}

function ask(body: string, question: string): string {
  const document = `<document id="1" title="A title">\n${body}\n</document>`;
  return answerTo([
    { role: "system", content: document },
    { role: "user", content: question },
  ]);
}

test("answers of the question set hold the phrase", () => {
  const wrong: string[] = [];
  for (const pair of PAIRS) {
    const answer = answerTo(messagesOf(pair));
    const isRight =
      pair.answers.some((phrase) => answer.toLowerCase().includes(phrase.toLowerCase())) &&
      (pair.cites === undefined || answer.includes(`[${pair.cites}]`));
    if (!isRight) wrong.push(`${pair.question} -> ${answer}`);
  }
  assert.ok(wrong.length <= 1, `${wrong.length} of ${PAIRS.length} wrong:\n${wrong.join("\n")}`);
});

test("questions that the documents do not answer are not answered", () => {
  const wrong = UNANSWERABLE.map((pair) => [pair.question, answerTo(messagesOf(pair))] as const).filter(
    ([, answer]) => answer !== NOT_FOUND,
  );
  assert.deepEqual(wrong, []);
});

test("every sentence is cited and stands in the document it cites", () => {
  for (const pair of PAIRS) {
    const answer = answerTo(messagesOf(pair));
    const quotes = answer.split(/(?<=\[\d+\])\s/);
    assert.ok(quotes.length <= 3, answer);
    for (const quote of quotes) {
      const [, text = "", id = ""] = /^(.*) \[(\d+)\]$/s.exec(quote) ?? [];
      const passage = PASSAGES[pair.passages[Number(id) - 1] ?? ""];
      assert.ok(passage, quote);
      const body = words(passage.body);
      for (const word of words(text)) assert.ok(body.includes(word), `"${word}" of "${quote}"`);
    }
  }
});

function words(text: string): string[] {
  return text.match(/[\p{L}\d]+/gu) ?? [];
}

test("a list is quoted with the sentence that introduces it", () => {
  const answer = ask(
    "For the visa you need:\n\n* a passport\n* two photos\n* a letter",
    "What do I need for the visa?",
  );
  assert.equal(answer, "For the visa you need: a passport; two photos; a letter. [1]");
});

test("an item alone keeps its introduction", () => {
  const answer = ask("Parking fees per day:\n- Car: 8 euros\n- Bicycle: free", "What is the parking fee for a car?");
  assert.match(answer, /^Parking fees per day: Car: 8 euros\. \[1\]/);
});

test("a row of a wide table names its columns", () => {
  const table = "| Plan | Price | Users |\n|:--|--:|--|\n| **Basic** | €10 | 5 |\n| Pro | €25 | 50 |";
  assert.match(ask(table, "How many users does the Pro plan have?"), /^Pro – Price: €25, Users: 50\. \[1\]/);
});

test("rows without a header and definitions are quoted", () => {
  assert.match(ask("| Opening hours | 8 to 18 |\n| Saturday | closed |", "What are the opening hours?"), /8 to 18/);
  assert.match(
    ask("**SLA**: service level agreement.\n\n**RPO**: recovery point.", "What is an RPO?"),
    /^RPO: recovery point\. \[1\]/,
  );
});

test("Markdown marks, links and abbreviations do not break a sentence", () => {
  const body = "See [the portal](https://x.example) for *all* forms, e.g. Form `A-12`. It closes at 5 p.m. on Fridays.";
  assert.match(ask(body, "Where do I find the forms?"), /^See the portal for all forms, e\.g\. Form A-12\. \[1\]/);
  assert.match(ask(body, "When does it close on Fridays?"), /It closes at 5 p\.m\. on Fridays\. \[1\]/);
});

test("documents in the user's own message and a labelled question are understood", () => {
  const content = `Context:\n<document id='7' title='Fees &amp; dates'>\nThe fee is 12 euros.\n</document>\n\nQuestion: What is the fee?`;
  assert.equal(answerTo([{ role: "user", content: [{ type: "text", text: content }] }]), "The fee is 12 euros. [7]");
});

test("a title may hold headings, a sign of greater and quotes", () => {
  const document = (title: string): string => `<document id="3" title="${title}">\nIt costs 9 euros.\n</document>`;
  for (const title of ["Fees > Parking", 'The "Parking" fees', "Parking 5' lots"]) {
    const messages: ChatMessage[] = [
      { role: "system", content: document(title) },
      { role: "user", content: "How much does parking cost?" },
    ];
    assert.equal(answerTo(messages), "It costs 9 euros. [3]");
  }
});

test("a bare figure of a table keeps the name of its column", () => {
  const table = "| Occasion | Paid days |\n|---|---|\n| Own wedding | 3 |\n| Moving house | 1 |";
  assert.match(ask(table, "How many days off for my own wedding?"), /^Own wedding: 3 \(Paid days\)\. \[1\]/);
});

test("without documents it says what it is", () => {
  assert.equal(answerTo([{ role: "user", content: "Hello" }]), NO_DOCUMENTS);
  assert.equal(answerTo([]), NO_DOCUMENTS);
});

test("a search that found nothing is no evidence", () => {
  const system = { role: "system" as const, content: "You answer questions from the documents below." };
  assert.equal(answerTo([system, { role: "user", content: "What is the fee?" }]), NOT_FOUND);
});

test("hostile and empty documents do no harm", () => {
  assert.equal(ask("", "What is the fee?"), NOT_FOUND);
  assert.equal(ask("The fee is 12 euros.", ""), NOT_FOUND);
  assert.equal(ask("The fee is 12 euros.", "???"), NOT_FOUND);
  const before = process.cpuUsage();
  ask(`${"[".repeat(3000)}${"*a ".repeat(3000)}${"| ".repeat(3000)}`, "What is a?");
  ask("word ".repeat(40_000), "What is a word?");
  assert.ok(process.cpuUsage(before).user < 2_000_000, "takes too long");
});

test("a search query is the question as it was asked, behind the one that it leans on", () => {
  const rewrite = (...turns: string[]): string =>
    answerTo([
      { role: "system", content: "Rewrite the last question\nas one search query that is understood alone." },
      ...turns.map((content, at): ChatMessage => ({ role: at % 2 === 0 ? "user" : "assistant", content })),
    ]);
  const first = "How many days of vacation do full-time employees get?";
  assert.equal(rewrite(first), first);
  assert.equal(rewrite(first, "25 days [1].", "And part-timers?"), `${first} And part-timers?`);
  const other = "Which tent has two doors?";
  assert.equal(rewrite(first, "25 days [1].", other), other);
  // With documents, the word alone does not keep it from answering.
  const document = '<document id="1" title="Search">\nRewrite a search query with care.\n</document>';
  const system: ChatMessage = { role: "system", content: `Rewrite nothing, use no search query. ${document}` };
  assert.match(answerTo([system, { role: "user", content: "How is a search query rewritten?" }]), /\[1\]/);
});
