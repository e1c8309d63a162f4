// What keeps a file that would take the memory of the process from doing so: two watches, each by itself.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { strToU8, zipSync } from "fflate";
import { DEFAULT_LIMITS, type IngestLimits } from "../../../src/search/ingest/limit.ts";
import { processParser } from "../../../src/search/ingest/parser.ts";

const { signal } = new AbortController();
const tooMuch = { code: "DocumentTooLarge", message: /took more than 80 MB of memory/ };

describe("a process that reads a document", () => {
  it("is ended when its own texts fill the memory, and the next document gets a new one", async () => {
    const parser = processParser({ ...DEFAULT_LIMITS, memoryMb: 80, characters: 1e9 });
    try {
      const text = strToU8("слово ".repeat(5_000_000));
      await assert.rejects(parser.parse(text, "long.md", signal), tooMuch);
      assert.equal((await parser.parse(strToU8("Some words."), "a.md", signal)).chunks[0]?.text, "Some words.");
    } finally {
      await parser.close();
    }
  });

  it("is ended when what it unpacks fills the memory outside of them", async () => {
    const limits: IngestLimits = { ...DEFAULT_LIMITS, memoryMb: 80, unpackedBytes: 1e9, expansion: 1e9 };
    const blank = new Uint8Array(8 * 2 ** 20);
    const parts = Array.from({ length: 14 }, (_, at) => [`ppt/slides/slide${at}.xml`, blank] as const);
    const deck = zipSync({ "ppt/presentation.xml": strToU8("<p/>"), ...Object.fromEntries(parts) }, { level: 1 });
    const parser = processParser(limits);
    try {
      await assert.rejects(parser.parse(deck, "deck.pptx", signal), tooMuch);
    } finally {
      await parser.close();
    }
  });
});
