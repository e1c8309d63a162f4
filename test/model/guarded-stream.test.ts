// Guards on streams by a seeded generator: texts, fields and choices in turns, cut anywhere. What is stopped is not seen, not
// even its beginning; what is allowed comes as it was, and is never kept back for longer than the documentation says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import type { ChatChunk, ChatDelta, ChatModel } from "../../src/model/chat-model.ts";
import { type GuardPolicy, guardedModel } from "../../src/model/guarded.ts";
import type { Moderator } from "../../src/model/moderator.ts";
import { openModerator } from "../../src/model/provider/index.ts";
import { seeded } from "../seeded.ts";

const HOLD_BACK = 40;
const LONGEST_WORD = 64;
const FORBIDDEN = /\bproject\s+blauäugig\b/iu;
const PHRASES = ["Project blauäugig", "project \n BLAUÄUGIG"];
/** Nearly the phrase: a stream that is looked at in pieces must not take them for it. */
const ALLOWED = ["project blauäugigs", "subproject blauäugig", "Project", "blauäugig", "projekt blauäugig"];
const WORDS = [
  "the",
  "garden",
  "opens",
  "at 9,",
  "größe",
  "今日は",
  "晴れ。",
  "😀",
  "C:\\new",
  "\\d+",
  "{",
  '"a":',
  "}",
];

type Field = "content" | "refusal" | "reasoning_content" | "function" | "call 0" | "call 1";
interface Text {
  choice: number;
  field: Field;
  /** As it goes on the wire; of arguments, JSON. */
  written: string;
}

function deltaOf({ field, choice }: Text, piece: string): ChatChunk["choices"][number] {
  const call = (index: number): ChatDelta => ({ tool_calls: [{ index, function: { arguments: piece } }] });
  const delta: ChatDelta = field.startsWith("call")
    ? call(Number(field.at(-1)))
    : field === "function"
      ? { function_call: { arguments: piece } }
      : { [field]: piece };
  return { index: choice, delta, finish_reason: null };
}

/** What of a text a chunk shows. */
function shown({ choices }: ChatChunk, { choice, field }: Text): string {
  let text = "";
  for (const { index, delta } of choices) {
    if (index !== choice || !delta) continue;
    if (field.startsWith("call"))
      for (const call of delta.tool_calls ?? [])
        text += call.index === Number(field.at(-1)) ? (call.function?.arguments ?? "") : "";
    else if (field === "function") text += delta.function_call?.arguments ?? "";
    else text += (delta as Record<string, string | undefined>)[field] ?? "";
  }
  return text;
}

/** A moderator that is asked in steps, as services are; it knows the same phrase. */
const inSteps: Moderator = {
  id: "steps",
  stepChars: 30,
  moderate: async (text) => ({ custom_blocklists: { detected: FORBIDDEN.test(text) } }),
  close: async () => {},
};

for (const moderator of [openModerator({ moderator: "rules", patterns: [FORBIDDEN.source] }), inSteps]) {
  test(`nothing forbidden leaves and what is allowed is untouched, by a moderator with steps of ${moderator.stepChars}`, async () => {
    const random = seeded(moderator.stepChars);
    const draw = (most: number): number => Math.floor(random() * most);
    const one = <T>(list: readonly T[]): T => list[draw(list.length)] as T;
    let stopped = 0;
    for (let round = 0; round < 150; round++) {
      const texts = drawTexts(draw, one);
      const chunks = cut(texts, draw);
      const isForbidden = texts.some(({ written }) => FORBIDDEN.test(written) || FORBIDDEN.test(meaning(written)));
      const given = structuredClone(chunks);
      const came: ChatChunk[] = [];
      let sent = 0;
      const model = guardedModel(
        scripted(chunks, () => sent++),
        {
          moderator,
          policy: { block: {}, on: ["completion"], annotate: false, holdBackChars: HOLD_BACK, onFailure: "block" },
          log: SILENT,
        },
      );
      const request = { messages: [], stream: true, parameters: {} };
      for await (const chunk of model.chat(request, new AbortController().signal)) {
        came.push(chunk);
        if (texts.length > 1) continue;
        const kept = meaning(
          given
            .slice(came.length, sent)
            .map((other) => shown(other, texts[0] as Text))
            .join(""),
        ).length;
        const most = HOLD_BACK + LONGEST_WORD + moderator.stepChars + LONGEST_PIECE;
        assert.ok(kept <= most, `${kept} characters are kept back`);
      }
      const told = `round ${round}: ${JSON.stringify(texts)}`;
      if (!isForbidden) {
        assert.deepEqual(came, given, told);
        continue;
      }
      stopped++;
      const end = came.pop() as ChatChunk;
      assert.ok(
        end.choices.length > 0 && end.choices.every((choice) => choice.finish_reason === "content_filter"),
        told,
      );
      assert.deepEqual(came, given.slice(0, came.length), told);
      for (const text of texts) {
        const seen = came.map((chunk) => shown(chunk, text)).join("");
        for (const read of [(one: string) => one, meaning]) {
          const begin = read(text.written).search(FORBIDDEN);
          // The last escape may have come in part.
          if (begin >= 0)
            assert.ok(read(seen.replace(/\\(?:u\w{0,3})?$/, "")).length <= begin, `${told}: "${seen}" was seen`);
        }
      }
      const ended = came.flatMap(({ choices }) =>
        choices.filter((choice) => choice.finish_reason).map(({ index }) => index),
      );
      assert.ok(!end.choices.some(({ index }) => ended.includes(index)), "a choice that has ended does not end again");
    }
    assert.ok(stopped > 40 && stopped < 110, String(stopped));
  });
}

function guardedInSteps(chunks: readonly ChatChunk[], onSent: () => void): ChatModel {
  const policy: GuardPolicy = {
    block: {},
    on: ["completion"],
    annotate: false,
    holdBackChars: HOLD_BACK,
    onFailure: "block",
  };
  return guardedModel(scripted(chunks, onSent), { moderator: inSteps, policy, log: SILENT });
}

test("the end of one choice does not wait for the end of another", async () => {
  const head = { id: "1", created: 1, model: "m" };
  const content = (index: number, text: string): ChatChunk => ({
    ...head,
    choices: [{ index, delta: { content: text } }],
  });
  const chunks: ChatChunk[] = [
    content(0, "Short."),
    { ...head, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    ...Array.from({ length: 50 }, () => content(1, "and so on ")),
    { ...head, choices: [{ index: 1, delta: {}, finish_reason: "stop" }] },
  ];
  let sent = 0;
  const model = guardedInSteps(chunks, () => sent++);
  let came = 0;
  for await (const { choices } of model.chat(
    { messages: [], stream: true, parameters: {} },
    new AbortController().signal,
  )) {
    came++;
    if (choices[0]?.index === 0) assert.ok(sent <= 2, `the first choice came after ${sent} chunks`);
    else assert.ok(sent - came < 10, `${sent - came} chunks are kept back`);
  }
  assert.equal(came, chunks.length);
});

test("what has no end of a word is waited for no longer than a word is long", async () => {
  const head = { id: "1", created: 1, model: "m" };
  const chunks = Array.from({ length: 60 }, () => ({
    ...head,
    choices: [{ index: 0, delta: { content: "abcdefgh" } }],
  }));
  let sent = 0;
  const model = guardedInSteps(chunks, () => sent++);
  let most = 0;
  let came = 0;
  const request = { messages: [], stream: true, parameters: {} };
  for await (const _ of model.chat(request, new AbortController().signal)) most = Math.max(most, (sent - ++came) * 8);
  assert.equal(came, chunks.length);
  assert.ok(most <= HOLD_BACK + LONGEST_WORD + inSteps.stepChars + LONGEST_PIECE, `${most} characters are kept back`);
});

const LONGEST_PIECE = 9;

/** What JSON's escapes stand for. */
const meaning = (written: string): string =>
  written.replace(/\\(?:["\\n]|u00e4)/g, (escape) => JSON.parse(`"${escape}"`) as string);

function drawTexts(draw: (most: number) => number, one: <T>(list: readonly T[]) => T): Text[] {
  const fields: Field[] = ["content", "refusal", "reasoning_content", "function", "call 0", "call 1"];
  const isBad = draw(2) === 0;
  const texts: Text[] = [];
  for (let choice = 0; choice <= draw(3); choice++) {
    for (const field of fields.filter((_, at) => (at === 0 ? true : draw(4) === 0))) {
      const words = Array.from({ length: draw(60) }, () => (draw(6) === 0 ? one(ALLOWED) : one(WORDS)));
      texts.push({ choice, field, written: words.join(" ") });
    }
  }
  if (isBad) {
    const text = one(texts);
    const place = draw(text.written.length + 1);
    text.written = `${text.written.slice(0, place)} ${one(PHRASES)} ${text.written.slice(place)}`;
  }
  for (const text of texts) {
    const isJson = text.field.startsWith("call") || text.field === "function" || draw(4) === 0;
    if (!isJson) continue;
    // Some models write letters beyond ASCII by their numbers.
    const json = JSON.stringify({ text: text.written });
    text.written = draw(2) === 0 ? json : json.replaceAll("ä", "\\u00e4");
  }
  return texts;
}

/** Texts in turns, in pieces of any length, between halves of characters too; each choice ends after its last piece. */
function cut(texts: readonly Text[], draw: (most: number) => number): ChatChunk[] {
  const left = texts.map((text) => ({ text, rest: text.written }));
  const head = { id: "1", created: 1, model: "m" };
  const chunks: ChatChunk[] = [{ ...head, choices: [{ index: 0, delta: { role: "assistant", content: "" } }] }];
  while (left.length > 0) {
    const at = draw(left.length);
    const { text, rest } = left[at] as (typeof left)[number];
    const length = 1 + draw(LONGEST_PIECE);
    chunks.push({ ...head, choices: [deltaOf(text, rest.slice(0, length))] });
    (left[at] as { rest: string }).rest = rest.slice(length);
    if (rest.length > length) continue;
    left.splice(at, 1);
    if (left.some((other) => other.text.choice === text.choice)) continue;
    chunks.push({ ...head, choices: [{ index: text.choice, delta: {}, finish_reason: "stop" }] });
  }
  return [...chunks, { ...head, choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }];
}

function scripted(chunks: readonly ChatChunk[], onSent: () => void): ChatModel {
  return {
    id: "scripted",
    async *chat() {
      for (const chunk of chunks) {
        onSent();
        yield chunk;
      }
    },
    probe: async () => {},
    close: async () => {},
  };
}
