import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockSplitter } from "../../web/shared/markdown/split.ts";

const TEXT = `# A title

Some words with **bold** and [1].
A second line of the same paragraph.

- one
- two

  with a paragraph of its own
- three

1. first

2. second

| a | b |
| - | - |
| 1 | 2 |

\`\`\`ts
const a = 1;

const b = 2;
\`\`\`

> quoted

Setext
------

Last words.`;

const raws = (text: string): string[] => new BlockSplitter().split(text).map(({ raw }) => raw);

test("blocks add up to the text, and are the blocks of Markdown", () => {
  assert.equal(raws(TEXT).join(""), TEXT);
  assert.deepEqual(
    raws(TEXT).map((raw) => raw.slice(0, 6).trim()),
    ["# A ti", "Some w", "- one", "1. fir", "| a |", "```ts", "> quot", "Setext", "Last w"],
  );
});

for (const size of [1, 3, 7, 40]) {
  test(`text that comes in pieces of ${size} ends in the same blocks, and closed blocks keep their keys`, () => {
    const splitter = new BlockSplitter();
    const closed = new Map<number, string>();
    let last: string[] = [];
    for (let end = size; ; end += size) {
      const blocks = splitter.split(TEXT.slice(0, end));
      assert.equal(blocks.map(({ raw }) => raw).join(""), TEXT.slice(0, end));
      for (const { key, raw, open } of blocks) {
        const known = closed.get(key);
        if (known !== undefined) assert.equal(raw, known);
        if (!open) closed.set(key, raw);
      }
      last = blocks.map(({ raw }) => raw);
      if (end >= TEXT.length) break;
    }
    assert.deepEqual(last, raws(TEXT));
  });
}

test("another text starts anew", () => {
  const splitter = new BlockSplitter();
  splitter.split("one\n\ntwo\n\nthree");
  assert.deepEqual(
    splitter.split("four\n\nfive").map(({ raw }) => raw.trim()),
    ["four", "five"],
  );
  assert.deepEqual(splitter.split(""), []);
});

test("windows line ends are read as line ends", () => {
  assert.deepEqual(raws("a\r\n\r\nb"), ["a\n\n", "b"]);
});

test("a new piece costs the open block, not the whole text", () => {
  const paragraphs = Array.from({ length: 2_000 }, (_, at) => `Paragraph ${at} with a few words.`).join("\n\n");
  const splitter = new BlockSplitter();
  splitter.split(paragraphs);
  const startedAt = performance.now();
  for (let at = 1; at <= 200; at++) splitter.split(`${paragraphs}\n\n${"x".repeat(at)}`);
  const incrementalMs = performance.now() - startedAt;
  const wholeAt = performance.now();
  for (let at = 1; at <= 5; at++) raws(`${paragraphs}\n\n${"x".repeat(at)}`);
  const wholeMs = (performance.now() - wholeAt) * 40;
  assert.ok(incrementalMs < wholeMs / 4, `${incrementalMs.toFixed(0)} ms against ${wholeMs.toFixed(0)} ms`);
});
