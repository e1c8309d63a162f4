import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { titleOf } from "../../src/chat/title.ts";

describe("a conversation's title", () => {
  const titles: [string, string][] = [
    ["how much leave do I have?", "How much leave do I have?"],
    ["  Hello there. I have a question about leave. ", "Hello there"],
    ["## **Leave** [policy](https://x)\n\nmore", "Leave policy"],
    ["```js\ncode()\n```\nWhy does this fail?", "Why does this fail?"],
    ["and for part-timers?\nThanks", "And for part-timers?"],
    ["???", "New conversation"],
    ["", "New conversation"],
    ["年次休暇は何日ですか?", "年次休暇は何日ですか?"],
  ];
  for (const [question, title] of titles) {
    it(`of ${JSON.stringify(question)}`, () => assert.equal(titleOf(question), title));
  }

  it("is cut at a word, and never inside a character", () => {
    const long = titleOf(
      "Which documents do I have to hand in before the first day of work in another country of the union",
    );
    assert.equal(long, "Which documents do I have to hand in before the first day of…");
    const faces = titleOf("😀".repeat(100));
    assert.equal(faces, `${"😀".repeat(60)}…`);
  });
});
